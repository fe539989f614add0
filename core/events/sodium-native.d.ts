/** The part of libsodium's binding that is used here; the package ships no types. */
declare module "sodium-native" {
  interface Sodium {
    crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
    crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
  }
  const sodium: Sodium;
  export default sodium;
}
