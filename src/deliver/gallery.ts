/**
 * One page over several delivered heads: what each shows, its moving picture, and the way to its viewer and files.
 *
 * Pictures are inside the page, links go to the folders beside it; nothing is asked of the network, and no script runs.
 */

import { escapeMarkup, type Maker, SYNTHETIC_STATEMENT } from './marks.js';
import { pageStart } from './page-start.js';

/** A picture inside the page. */
export type GalleryPicture = {
  readonly type: 'image/webp' | 'image/png' | 'video/mp4';
  readonly bytes: Uint8Array;
};

/** One head of the page. */
export type GalleryHead = {
  /** folder beside the page, also the heading; a plain name, see `readExpressionList` */
  readonly name: string;
  readonly caption: string;
  /** moves if it may */
  readonly moving: GalleryPicture | null;
  /** stands still: shown to people who ask for reduced motion, and where there is no other */
  readonly still: GalleryPicture | null;
  /** files of the folder that the page leads to */
  readonly files: readonly string[];
};

/** What the page says. */
export type GalleryOptions = Maker & {
  /** heading, plain text */
  readonly title: string;
  readonly heads: readonly GalleryHead[];
};

const STYLE = `:root{color-scheme:dark}body{margin:0;padding:1.5rem;background:#1c1f21;color:#eee;font:16px/1.5 system-ui,sans-serif}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1.5rem}
article{background:#26292c;border-radius:.5rem;overflow:hidden}article div{padding:.75rem 1rem}
h1,h2{font-weight:600;margin:0 0 .5rem}h2{font-size:1.1rem}p{margin:0 0 .5rem}ul{margin:0;padding:0;list-style:none;font-size:.875rem}
img,video{display:block;width:100%;aspect-ratio:1;object-fit:cover;background:#111}a{color:#8cc8ff}footer{margin-top:2rem;font-size:.875rem}`;

/** HTML text of the page. */
export function galleryPage({ title, heads, generator }: GalleryOptions): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:";
  return `${pageStart({ title, generator, policy, style: STYLE })}
<body>
<h1>${escapeMarkup(title)}</h1>
<main>
${heads.map(article).join('\n')}
</main>
<footer><p><strong>${escapeMarkup(SYNTHETIC_STATEMENT)}</strong> ${escapeMarkup(generator)}</p></footer>
</body>
</html>
`;
}

function article(head: GalleryHead): string {
  const links = head.files.map((file) => `<li><a href="${link(head.name, file)}">${escapeMarkup(file)}</a></li>`);
  return `<article>${picture(head)}<div><h2>${escapeMarkup(head.name)}</h2><p>${escapeMarkup(head.caption)}</p><ul>${links.join('')}</ul></div></article>`;
}

/** A relative address, each part encoded, so that no name can become a scheme, a query or a way out of the folder. */
function link(folder: string, file: string): string {
  const parts = [folder, ...file.split('/')].filter((part) => !/^\.{0,2}$/.test(part));
  return escapeMarkup(['.', ...parts.map((part) => encodeURIComponent(part))].join('/'));
}

function picture({ name, moving, still }: GalleryHead): string {
  const words = `alt="${escapeMarkup(name)}"`;
  if (moving?.type === 'video/mp4')
    return `<video src="${dataUrl(moving)}" ${still ? `poster="${dataUrl(still)}" ` : ''}controls loop muted playsinline></video>`;
  if (moving && still)
    return `<picture><source media="(prefers-reduced-motion: reduce)" srcset="${dataUrl(still)}"><img src="${dataUrl(moving)}" ${words}></picture>`;
  const only = moving ?? still;
  return only ? `<img src="${dataUrl(only)}" ${words}>` : '';
}

function dataUrl({ type, bytes }: GalleryPicture): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}
