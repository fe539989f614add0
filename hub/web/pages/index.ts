import { binaryPackagePage } from "./binary-package.ts";
import { dashboard } from "./dashboard.ts";
import { eventPage } from "./event.ts";
import { eventsPage } from "./events.ts";
import { dependencyIssuePage, excusePage, jobPage } from "./journal.ts";
import { mailPage } from "./mail.ts";
import { mailsPage } from "./mails.ts";
import { operationPage } from "./operation.ts";
import { operationsPage } from "./operations.ts";
import { packagesPage, shortPage } from "./packages.ts";
import type { Page } from "./page.ts";
import { sourcePackagePage } from "./source-package.ts";
import { subscriptionsPage } from "./subscriptions.ts";
import { suitePage } from "./suite.ts";

/** THE list of pages: one line each. */
export const pages: readonly Page[] = [
  dashboard,
  eventsPage,
  eventPage,
  operationsPage,
  operationPage,
  suitePage,
  packagesPage,
  sourcePackagePage,
  binaryPackagePage,
  subscriptionsPage,
  mailsPage,
  mailPage,
  excusePage,
  jobPage,
  dependencyIssuePage,
  shortPage,
];
