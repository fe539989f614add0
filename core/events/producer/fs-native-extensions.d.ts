declare module "fs-native-extensions" {
  /** Locks an open file for its description, as fcntl(2)'s F_OFD_SETLK does; false: held. */
  export function tryLock(descriptor: number): boolean;
}
