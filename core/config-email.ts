import { z } from "zod";
import { Path, StringOrList } from "./config-values.ts";

/** Section `[email]` of the configuration. */
export const EmailConfig = z
  .strictObject({
    smtp: z.string().default("").meta({
      description:
        "smtp://host:25, smtps://user@host or sendmail:/usr/sbin/sendmail; empty: a mailbox on this machine that the page shows",
    }),
    password_file: Path.optional().meta({
      description: "file (mode 0600) with the password for email.smtp",
    }),
    from: z
      .string()
      .default("Laniakea <laniakea@localhost>")
      .meta({ description: "sender of all mail" }),
    to: StringOrList.prefault([]).meta({
      description: "addresses that hear all events for people; finer routes: lk route add",
    }),
    maintainers: z.enum(["own", "all", "none"]).default("own").meta({
      description:
        "whose Maintainers and Uploaders hear of their packages: own: of suites whose Release has no foreign Origin (Debian, Ubuntu, …); all, which is also own without smtp; none",
    }),
    announce: z
      .string()
      .default("")
      .meta({ description: "list that hears of each accepted source upload" }),
    announce_suites: z.record(z.string(), z.string()).default({}).meta({
      description:
        'other lists for single suites: { sid = "sid-changes@lists.example.org" }; empty text: none',
    }),
    only_to: StringOrList.prefault([]).meta({
      description: "when set, mail goes to no other address or *@domain pattern (for trials)",
    }),
    only_to_files: StringOrList.prefault([]).meta({
      description:
        "the same in files, as Laniakea's MailWhitelistFiles: an address a line, # comments, RE: regular expressions",
    }),
    bounces: z.string().default("").meta({
      description:
        "bounces@example.org: reports about undeliverable mail go to bounces+TOKEN@ there and into lk mail receive; empty: to the sender",
    }),
    control: z.string().default("").meta({
      description:
        "control@example.org: takes commands (subscribe, which, help) by mail, through lk mail receive; empty: none",
    }),
    listen: z
      .string()
      .regex(/^((smtp|lmtp):\/\/(\[[0-9a-fA-F:]+\]|[^:/]+):\d{1,5})?$/, {
        message: 'written like "lmtp://127.0.0.1:2424" or "smtp://127.0.0.1:2525"',
      })
      .default("")
      .meta({
        description:
          "lmtp://127.0.0.1:2424 or smtp://…: the hub takes in mail for bounces and control itself; empty: only lk mail receive does",
      }),
    keyring: Path.optional().meta({
      description:
        "OpenPGP keys of people, a file or a folder of files: commands they sign need no confirmation",
    }),
    suspend_after: z.int().min(1).default(3).meta({
      description:
        "an address gets no more mail when so many mails to it were undeliverable within 14 days",
    }),
    secret_file: Path.default("secrets/mail").meta({
      description:
        "signs links and addresses in our mails, made on first use: the first line signs, all lines are believed",
    }),
  })
  .prefault({});
