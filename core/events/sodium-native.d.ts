/** The part of libsodium's binding that is used here; the package ships no types. */
declare module "sodium-native" {
  interface Sodium {
    crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
    crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
    crypto_scalarmult_base(publicKey: Buffer, secretKey: Buffer): void;
    crypto_scalarmult(shared: Buffer, secretKey: Buffer, publicKey: Buffer): void;
    crypto_box_keypair(publicKey: Buffer, secretKey: Buffer): void;
    crypto_box_easy(box: Buffer, text: Buffer, nonce: Buffer, theirs: Buffer, own: Buffer): void;
    crypto_box_open_easy(
      text: Buffer,
      box: Buffer,
      nonce: Buffer,
      theirs: Buffer,
      own: Buffer,
    ): boolean;
    crypto_secretbox_easy(box: Buffer, text: Buffer, nonce: Buffer, key: Buffer): void;
    crypto_secretbox_open_easy(text: Buffer, box: Buffer, nonce: Buffer, key: Buffer): boolean;
  }
  const sodium: Sodium;
  export default sodium;
}
