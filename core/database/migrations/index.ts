import type { Migration } from "../migrate.ts";
import { migration as frame } from "./001-frame.ts";
import { migration as archive } from "./002-archive.ts";
import { migration as matrix } from "./003-matrix.ts";
import { migration as hub } from "./004-hub.ts";
import { migration as bot } from "./005-bot.ts";
import { migration as web } from "./006-web.ts";
import { migration as archiveContent } from "./008-archive-content.ts";
import { migration as archiveStates } from "./009-archive-states.ts";
import { migration as bus } from "./010-bus.ts";
import { migration as trust } from "./011-trust.ts";
import { migration as producer } from "./012-producer.ts";
import { migration as jobs } from "./013-jobs.ts";
import { migration as suiteValidity } from "./014-suite-validity.ts";
import { migration as journalKeys } from "./015-journal-keys.ts";
import { migration as eventIndex } from "./016-event-index.ts";
import { migration as jobHeld } from "./018-job-held.ts";
import { migration as recovery } from "./019-recovery.ts";
import { migration as subscription } from "./020-subscription.ts";
import { migration as eventList } from "./021-event-list.ts";
import { migration as pacing } from "./022-pacing.ts";
import { migration as notice } from "./023-notice.ts";
import { migration as delivery } from "./024-delivery.ts";
import { migration as mail } from "./025-mail.ts";
import { migration as language } from "./027-language.ts";

/** All steps of the schema in order. New ones go to the end; old ones never change. */
export const migrations: readonly Migration[] = [
  frame,
  archive,
  matrix,
  hub,
  bot,
  web,
  archiveContent,
  archiveStates,
  bus,
  trust,
  producer,
  jobs,
  suiteValidity,
  journalKeys,
  eventIndex,
  jobHeld,
  recovery,
  subscription,
  eventList,
  pacing,
  delivery,
  mail,
  language,
  notice,
];
