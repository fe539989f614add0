import { html, type Safe } from "../../core/html.ts";
import { visible } from "../../core/message.ts";
import { endableMail, type EndableMail, endAllMail, endReasons } from "../mail/ending.ts";
import { openSeals, type Seals } from "../mail/seals.ts";
import { deliveryOfToken } from "../mail/tokens.ts";
import { notFound } from "./failure.ts";
import type { View } from "./layout.ts";
import { sendView, type Server, type ServerParts } from "./serving.ts";

/** Nobody is logged in here: the link is the proof. */
const NOBODY = { name: "", role: "none" } as const;

/**
 * What List-Unsubscribe of our mails names (RFC 8058). POST ends what made the mail come, without
 * login or question, as often as it is sent; `what=all` ends all mail. GET changes nothing: mail
 * scanners follow every link.
 */
export async function addUnsubscribe(server: Server, parts: ServerParts): Promise<void> {
  let seals: Promise<Seals> | undefined;

  async function mailOf(token: string): Promise<EndableMail> {
    seals ??= openSeals(parts.web.settings);
    const delivery = deliveryOfToken(token, await seals);
    const mail = delivery === undefined ? undefined : await endableMail(delivery);
    if (mail !== undefined) return mail;
    throw notFound(
      "This link is not one of ours, or its mail is not known any more.",
      "Take the link of a newer mail.",
    );
  }

  await server.register(async (scope) => {
    // Section 3.1 of RFC 8058 lets mail readers choose this form; its one field says nothing new.
    scope.addContentTypeParser(
      "multipart/form-data",
      { parseAs: "string" },
      (_request, _body, parsed) => parsed(null, {}),
    );
    scope.get("/unsubscribe/:token", async (request, reply) => {
      const { token } = request.params as { token: string };
      const mail = await mailOf(token);
      return sendView(reply, question(mail, token), NOBODY, parts.assets);
    });
    scope.post("/unsubscribe/:token", async (request, reply) => {
      const { token } = request.params as { token: string };
      const mail = await mailOf(token);
      const { what } = (request.body ?? {}) as { what?: unknown };
      const all = what === "all";
      if (all) await endAllMail(mail.address);
      else await endReasons(mail);
      return sendView(reply, done(mail, all), NOBODY, parts.assets);
    });
    await Promise.resolve();
  });
}

function question(mail: EndableMail, token: string): View {
  return view(
    html`<h1>Get less mail</h1>
      <p>A mail went to <code>${visible(mail.address)}</code> because: ${visible(mail.reason)}.</p>
      <form method="post" action="/unsubscribe/${token}">
        <p><button name="what" value="this">No more mail for this reason</button></p>
        <p><button name="what" value="all">No more mail at all</button></p>
      </form>`,
  );
}

function done(mail: EndableMail, all: boolean): View {
  return view(
    html`<h1>Done</h1>
      <p>
        ${
          all
            ? html`<code>${visible(mail.address)}</code> gets no mail any more.`
            : html`<code>${visible(mail.address)}</code> gets no more mail for this reason:
                ${visible(mail.reason)}.`
        }
      </p>
      <p>Mail that is on its way already may still come.</p>`,
  );
}

function view(main: Safe): View {
  return { title: "Unsubscribe", main };
}
