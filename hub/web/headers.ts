/**
 * Sent with every answer. The policy allows our own files and nothing else: no script or style
 * inside a page, no frame around it (Content Security Policy Level 3).
 */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // "no-referrer" would make the browser send "Origin: null" with our own forms (Fetch, 4.3).
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-cache",
};

/**
 * For the HTML part of a mail, written by strangers and shown in a frame: nothing is loaded, no
 * script runs, no form is sent, and it counts as another origin.
 */
export const FOREIGN_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'self'",
  "x-frame-options": "SAMEORIGIN",
};
