import test from "ava";
import { isWithin, MuteTime } from "../../../../hub/routing/tree/mute-time.ts";

function within(interval: object, moment: string, zone = "UTC"): boolean {
  const time = MuteTime.parse({ name: "x", time_zone: zone, intervals: [interval] });
  return isWithin(time, new Date(moment));
}

for (const [what, interval, moment, zone, expected] of [
  ["nothing named is always", {}, "2026-11-22T12:00Z", "UTC", true],
  [
    "the start counts",
    { times: [{ start: "09:00", end: "17:00" }] },
    "2026-11-22T09:00Z",
    "UTC",
    true,
  ],
  [
    "the end does not",
    { times: [{ start: "09:00", end: "17:00" }] },
    "2026-11-22T17:00Z",
    "UTC",
    false,
  ],
  [
    "24:00 is the end",
    { times: [{ start: "22:00", end: "24:00" }] },
    "2026-11-22T23:59Z",
    "UTC",
    true,
  ],
  [
    "local time counts",
    { times: [{ start: "09:00", end: "10:00" }] },
    "2026-11-22T08:30Z",
    "Europe/Berlin",
    true,
  ],
  [
    "summer time counts",
    { times: [{ start: "09:00", end: "10:00" }] },
    "2026-07-01T07:30Z",
    "Europe/Berlin",
    true,
  ],
  ["a weekday", { weekdays: ["sunday"] }, "2026-11-22T12:00Z", "UTC", true],
  ["another weekday", { weekdays: ["monday:saturday"] }, "2026-11-22T12:00Z", "UTC", false],
  ["over the weekend", { weekdays: ["friday:monday"] }, "2026-11-22T12:00Z", "UTC", true],
  ["the weekday there", { weekdays: ["monday"] }, "2026-11-22T12:00Z", "Pacific/Auckland", true],
  ["a day", { days_of_month: ["20:25"] }, "2026-11-22T12:00Z", "UTC", true],
  ["the last day", { days_of_month: ["-1"] }, "2026-02-28T12:00Z", "UTC", true],
  ["the last day of a leap year", { days_of_month: ["-1"] }, "2028-02-28T12:00Z", "UTC", false],
  ["the last three", { days_of_month: ["-3:-1"] }, "2026-04-28T12:00Z", "UTC", true],
  ["before the last three", { days_of_month: ["-3:-1"] }, "2026-04-27T12:00Z", "UTC", false],
  ["a month", { months: ["november:february"] }, "2026-01-22T12:00Z", "UTC", true],
  ["another month", { months: ["december"] }, "2026-11-22T12:00Z", "UTC", false],
  ["years", { years: ["2026:2027"] }, "2028-11-22T12:00Z", "UTC", false],
  ["all must be so", { weekdays: ["sunday"], months: ["may"] }, "2026-11-22T12:00Z", "UTC", false],
] as const) {
  test(`${what}: ${expected ? "within" : "not within"}`, (t) => {
    t.is(within(interval, moment, zone), expected);
  });
}

for (const [what, value] of [
  ["a time over midnight", { intervals: [{ times: [{ start: "22:00", end: "06:00" }] }] }],
  ["a day that is none", { intervals: [{ days_of_month: ["0"] }] }],
  ["a weekday in another language", { intervals: [{ weekdays: ["montag"] }] }],
  ["a time zone that is none", { time_zone: "Mars/Olympus", intervals: [{}] }],
  ["no interval", { intervals: [] }],
  ["an unknown word", { intervals: [{ hours: ["3"] }] }],
] as const) {
  test(`${what} is refused`, (t) => {
    t.false(MuteTime.safeParse({ name: "x", ...value }).success);
  });
}
