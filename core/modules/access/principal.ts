import { z } from "zod";

/**
 * Who a grant is for: a Matrix id (`@user:server`, client-server API "User identifiers": no white
 * space, one colon at least), somebody of this machine (`local:NAME`), or a glob over either with
 * `*` and `?`, such as `*:example.org`.
 */
export const Principal = z
  .string()
  .max(255, "an id has at most 255 characters")
  .regex(/^(@[^\s:]+:\S+|\*:\S+|local:[^\s:]+|\*)$/, {
    message: 'written like "@user:server", "*:server" or "local:NAME"',
  })
  .refine(fewStars, { message: "a pattern has at most three *" });

/**
 * Where a grant holds: a destination or a glob over destinations. A bare Matrix room id is
 * understood; an alias is not, because whoever owns the alias could point it to another room.
 */
export const Place = z
  .string()
  .max(300, "a room has at most 300 characters")
  .transform((text) => (text.startsWith("!") ? `matrix:${text}` : text))
  .pipe(
    z
      .string()
      .regex(/^(\*|here|matrix:[!*?]\S*|room:[\w*?-]+)$/, {
        message: 'written like "!room:server", "matrix:*", "room:local" or "here"',
      })
      .refine(fewStars, { message: "a pattern has at most three *" }),
  );

/** Matching takes time with the number of stars as its exponent. */
function fewStars(text: string): boolean {
  return text.replace(/\*+/g, "*").split("*").length <= 4;
}
