import { html, type Safe } from "../../../core/html.ts";
import { countOf } from "./time.ts";

const WIDTH = 240;
const HEIGHT = 40;

/** Events per hour of the last day as bars, the present hour at the right, and in one sentence. */
export function activityChart(perHour: number[]): Safe {
  const total = perHour.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...perHour, 1);
  const step = WIDTH / perHour.length;
  const words = `${countOf(total, "event")} in the last 24 hours`;
  return html`<p class="quiet">${words}</p>
    <svg
      class="activity"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${words}, at most ${most} in an hour"
    >
      ${perHour.map((count, hour) => {
        const height = count === 0 ? 1 : Math.max((count / most) * HEIGHT, 3);
        return html`<rect
          class="${count === 0 ? "none" : "some"}"
          x="${(hour * step + 1).toFixed(1)}"
          y="${(HEIGHT - height).toFixed(1)}"
          width="${(step - 2).toFixed(1)}"
          height="${height.toFixed(1)}"
          rx="1"
        />`;
      })}
    </svg>`;
}
