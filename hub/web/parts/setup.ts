import { html, type Safe } from "../../../core/html.ts";

/** What to do after looking at the demo: shown while that is all there is. */
export function setupPanel(): Safe {
  return html`<section class="setup panel" aria-labelledby="setup-title">
    <h2 id="setup-title">Point it at the real world</h2>
    <p>
      What you see is a small demo archive, an embedded database and a mailbox on this machine.
      Nothing left it. To run your own distribution:
    </p>
    <ol class="steps">
      <li>
        <h3>Describe the archives</h3>
        <p>Write out what is there, change it to your repositories and suites, and apply it.</p>
        <pre tabindex="0" aria-label="Commands"><code>./lk distro export &gt; distro.toml
./lk distro apply distro.toml
./lk import</code></pre>
      </li>
      <li>
        <h3>Make it yours</h3>
        <p>
          Every setting of this machine is in <code>config.example.toml</code>, with its default and
          one line of explanation.
        </p>
        <pre tabindex="0" aria-label="Command"><code>cp config.example.toml config.toml</code></pre>
      </li>
      <li>
        <h3>Talk in Matrix</h3>
        <p>The same bot that answers in the room here.</p>
        <pre tabindex="0" aria-label="Settings for Matrix"><code>[matrix]
homeserver = "https://matrix.example.org"
user = "@laniakea:example.org"
password_file = "secrets/matrix-password"
room = "#distribution:example.org"</code></pre>
      </li>
      <li>
        <h3>Send mail</h3>
        <p>Until then, mail goes to <a href="/mail">the mailbox here</a>.</p>
        <pre tabindex="0" aria-label="Settings for mail"><code>[email]
smtp = "smtp://mail.example.org:25"
from = "Laniakea &lt;laniakea@example.org&gt;"
to = "changes@example.org"</code></pre>
      </li>
    </ol>
  </section>`;
}
