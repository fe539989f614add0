import { type Settings, settingPath } from "../../../core/config.ts";
import { OperatorError } from "../../../core/errors.ts";

/** The failure of a token that the homeserver does not accept, or not any more. */
export function tokenRefused(settings: Settings, cause: unknown): OperatorError {
  const { user, token_file: tokenFile, password_file: passwordFile } = settings.config.matrix;
  const file = settingPath(settings, tokenFile ?? "");
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  return new OperatorError(
    "MATRIX_TOKEN_REFUSED",
    `The homeserver does not accept the access token of ${user}${why}: it was revoked or logged out.`,
    passwordFile === undefined
      ? `Write a new access token of ${user} into ${file} and start again.`
      : `Remove ${file} and start again: that logs in anew with the password.`,
    { cause },
  );
}
