/**
 * What the page does beyond showing itself: follows the live stream, sends the room's form without
 * leaving the page, and keeps ages up to date. Everything else works without this file.
 */
const TICK_MS = 20_000;
const RETRY_MS = 4_000;
const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

const { live } = document.body.dataset;
/** The open stream, and the place in it that was reached. */
let source;
let reached = "";

/** Follows the stream that the page names, from where it was. */
function follow() {
  source?.close();
  const address = new URL(live, location.href);
  if (reached) address.searchParams.set("since", reached);
  source = new EventSource(address);
  source.addEventListener("open", () => showConnection(true));
  source.addEventListener("part", (event) => replacePart(JSON.parse(event.data)));
  source.addEventListener("entry", (event) => {
    reached = event.lastEventId;
    putEntry(JSON.parse(event.data));
  });
  source.addEventListener("error", ({ target }) => {
    showConnection(false);
    // Closed for good (the server refused): ask again later. Otherwise the browser does.
    if (target === source && target.readyState === EventSource.CLOSED)
      setTimeout(followWhileSeen, RETRY_MS);
  });
}

/** A browser has six connections to a server: pages nobody looks at must not hold them. */
function followWhileSeen() {
  if (document.hidden) source?.close();
  else follow();
}

function showConnection(alive) {
  const shown = document.getElementById("connection");
  if (!shown) return;
  shown.hidden = false;
  shown.dataset.alive = String(alive);
  const words = alive ? "Live" : "Reconnecting…";
  if (shown.textContent !== words) shown.textContent = words;
}

/** Markup from our own server, escaped there, as elements. */
function elementsOf(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content;
}

/** New content for a part of the page; what has the focus in it keeps it. */
function replacePart({ id, html }) {
  const part = document.getElementById(id);
  if (!part) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceChildren(elementsOf(html));
  if (focused) document.getElementById(focused)?.focus();
}

/** A new entry of a list, or a newer form of one that is there. */
function putEntry({ list, html, place, keep }) {
  const target = document.getElementById(list);
  const entry = elementsOf(html).firstElementChild;
  if (!target || !entry) return;
  const atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
  const known = document.getElementById(entry.id);
  if (known) {
    known.replaceWith(entry);
  } else {
    target.querySelector(".empty")?.remove();
    entry.classList.add("fresh");
    if (place === "first") target.prepend(entry);
    else target.append(entry);
    while (target.children.length > keep) {
      (place === "first" ? target.lastElementChild : target.firstElementChild).remove();
    }
  }
  if (place === "last" && atEnd) target.scrollTop = target.scrollHeight;
}

/** Sends what was typed; the answer arrives by the stream. */
async function say(form, submitter) {
  const problem = form.querySelector("[role=alert]");
  const field = form.elements.namedItem("text");
  problem.textContent = "";
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(new FormData(form, submitter)),
    });
    if (!response.ok) {
      const { error } = await response.json();
      problem.textContent = [error.message, error.hint].filter(Boolean).join(" ");
      return;
    }
    if (!submitter?.name) field.value = "";
    field.focus();
  } catch {
    problem.textContent = "The server cannot be reached. What you typed is still here.";
  }
}

function ageOf(time) {
  const seconds = Math.round((Date.now() - Date.parse(time)) / 1000);
  const [size, name] = UNITS.find(([length]) => Math.abs(seconds) >= length) ?? [];
  if (size === undefined) return "just now";
  const amount = `${Math.floor(Math.abs(seconds) / size)} ${name}`;
  return seconds > 0 ? `${amount} ago` : `in ${amount}`;
}

function showAges() {
  for (const element of document.querySelectorAll("time[datetime]:not([data-fixed])")) {
    const age = ageOf(element.dateTime);
    if (element.textContent !== age) element.textContent = age;
  }
}

if (live) {
  followWhileSeen();
  document.addEventListener("visibilitychange", followWhileSeen);
}

const room = document.getElementById("room-form");
room?.addEventListener("submit", (event) => {
  event.preventDefault();
  void say(room, event.submitter);
});

const log = document.getElementById("room-log");
if (log) log.scrollTop = log.scrollHeight;

setInterval(showAges, TICK_MS);
