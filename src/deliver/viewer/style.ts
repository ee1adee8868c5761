/** Style sheet of the viewer page, as text. The background is the same grey as behind the head (page.ts). */

/** The style sheet's text. */
export const VIEWER_STYLE = `
html, body { margin: 0; height: 100%; overflow: hidden; background: #1c1f21; color: #e8e8e8; font: 15px/1.4 system-ui, sans-serif; }
canvas { position: fixed; inset: 0; width: 100%; height: 100%; display: block; touch-action: none; cursor: grab; }
canvas:active { cursor: grabbing; }
canvas:focus-visible { outline: 2px solid #8ab4f8; outline-offset: -2px; }
header, footer { position: fixed; left: 0; right: 0; padding: 12px 16px; pointer-events: none; text-shadow: 0 1px 3px #000; }
header { top: 0; }
h1 { margin: 0; font-size: 18px; font-weight: 600; }
p { margin: 0; }
header p { color: #b8bcc0; max-width: 60ch; }
footer { bottom: 0; display: flex; flex-wrap: wrap; gap: 8px 16px; justify-content: space-between; align-items: center; }
button { pointer-events: auto; font: inherit; color: inherit; background: #34393d; border: 1px solid #575d63; border-radius: 6px; padding: 6px 14px; margin-left: 8px; cursor: pointer; }
button[aria-pressed="true"] { background: #2f5a8f; }
#message, .message { position: fixed; top: 40%; left: 10%; right: 10%; text-align: center; font-size: 18px; }
body[data-state="failed"] canvas { visibility: hidden; }
`;
