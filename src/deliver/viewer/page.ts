/**
 * One self-contained HTML page that shows the head in 3D: opens from a file URL, asks for nothing from the network.
 *
 * The page is sealed by a Content-Security-Policy that forbids every connection.
 */

import { gzipSync } from 'node:zlib';
import { escapeMarkup, type Maker, SYNTHETIC_STATEMENT } from '../marks.js';
import { pageStart } from '../page-start.js';
import { VIEWER_SCRIPT } from './script.js';
import { FRAGMENT_SHADER, VERTEX_SHADER } from './shader.js';
import { VIEWER_STYLE } from './style.js';
import type { Volume } from './volume.js';

/** From where the page looks first. */
export type ViewerView = {
  /** radians, towards +x */
  readonly azimuth: number;
  /** radians, upwards */
  readonly elevation: number;
  /** world units from the target */
  readonly distance: number;
  /** world point; default the middle of the volume */
  readonly target?: readonly [number, number, number];
  /** radians across the shorter side of the window */
  readonly fieldOfView: number;
};

/** What the page says and how it begins. */
export type ViewerOptions = Maker & {
  /** heading, plain text; default `A synthetic head` */
  readonly title?: string;
  /** a line below it, plain text, e.g. the caption; default none */
  readonly caption?: string;
  readonly view: ViewerView;
  /** whether the head swings until it is touched; default true (never for people who ask for reduced motion) */
  readonly autoRotate?: boolean;
  /** radians to each side of the automatic swing; default 0.7 (40°, within what the head was distilled from) */
  readonly swing?: number;
};

/** Behind the head: a dark grey that flatters every skin (also the page's background, see style.ts). */
const BACKGROUND = [0.11, 0.12, 0.13] as const;

/** HTML text of the page. About 1.4 times the gzipped volume plus 15 kB. */
export function viewerPage(volume: Volume, options: ViewerOptions): string {
  const { title = 'A synthetic head', caption = '' } = options;
  const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
  return `${pageStart({ title, generator: options.generator, policy, style: VIEWER_STYLE })}
<body data-state="loading">
<canvas tabindex="0" role="img" aria-label="${escapeMarkup(title)}, in 3D. Drag or use the arrow keys to turn, wheel or + and - to zoom."></canvas>
<header><h1>${escapeMarkup(title)}</h1><p>${escapeMarkup(caption)}</p></header>
<p id="message" role="alert" hidden></p>
<noscript><p class="message">This page draws with JavaScript, which is switched off.</p></noscript>
<footer><p><strong>${escapeMarkup(SYNTHETIC_STATEMENT)}</strong> ${escapeMarkup(options.generator)}</p>
<div><button id="turn" type="button" aria-pressed="false">Turn</button><button id="home" type="button">Front</button></div></footer>
<script type="application/json" id="settings">${embeddedJson(pageSettings(volume, options))}</script>
<script type="application/octet-stream" id="volume">${packVolume(volume)}</script>
<script>${VIEWER_SCRIPT}</script>
</body>
</html>
`;
}

function pageSettings(volume: Volume, options: ViewerOptions) {
  const { autoRotate = true, swing = 0.7, view } = options;
  const { min, max } = volume.box;
  const middle = min.map((low, i) => (low + max[i]!) / 2);
  return {
    ...{ size: volume.size, min, max, cell: volume.cell, background: BACKGROUND, autoRotate, swing },
    view: { ...view, target: view.target ?? middle },
    ...{ vertex: VERTEX_SHADER, fragment: FRAGMENT_SHADER },
  };
}

/** JSON that cannot end its script element: `<` only ever occurs inside strings. */
function embeddedJson(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function packVolume(volume: Volume): string {
  return gzipSync(volume.rgba, { level: 9 }).toString('base64');
}
