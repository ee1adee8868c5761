/**
 * The script of the viewer page, as text: decodes the volume, draws it with WebGL2, and turns mouse, touch and keys into
 * orbit and zoom.
 *
 * Plain browser JavaScript without imports, because the page must work from a file URL. It talks to the page through
 * elements named canvas, #settings, #volume, #message, #turn and #home; `document.body.dataset.state` says
 * loading, ready or failed.
 */

/** The script's text; contains no closing script tag. */
export const VIEWER_SCRIPT = `'use strict';
const byId = (id) => document.getElementById(id);
const settings = JSON.parse(byId('settings').textContent);
const canvas = document.querySelector('canvas');
const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

function fail(text) {
  document.body.dataset.state = 'failed';
  byId('message').textContent = text;
  byId('message').hidden = false;
}

async function decodeVolume() {
  const packed = Uint8Array.from(atob(byId('volume').textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Largest opacity in each block of 8x8x8 cells and one cell around it (interpolation reaches that far). */
function blockMaxima(rgba, size) {
  const blocks = size.map((n) => Math.ceil(n / 8));
  const out = new Uint8Array(blocks[0] * blocks[1] * blocks[2]);
  const touched = (i, n) => {
    const list = [i >> 3];
    if (i % 8 === 0 && i > 0) list.push((i >> 3) - 1);
    if (i % 8 === 7 && i + 1 < n) list.push((i >> 3) + 1);
    return list;
  };
  for (let z = 0, at = 3; z < size[2]; z++) {
    const bz = touched(z, size[2]);
    for (let y = 0; y < size[1]; y++) {
      const by = touched(y, size[1]);
      for (let x = 0; x < size[0]; x++, at += 4) {
        if (rgba[at] === 0) continue;
        for (const k of bz) for (const j of by) for (const i of touched(x, size[0])) {
          const b = (k * blocks[1] + j) * blocks[0] + i;
          if (rgba[at] > out[b]) out[b] = rgba[at];
        }
      }
    }
  }
  return { blocks, data: out };
}

function compile(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, settings.vertex], [gl.FRAGMENT_SHADER, settings.fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(shader));
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

function texture3d(gl, unit, inner, format, size, data, filter) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_3D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage3D(gl.TEXTURE_3D, 0, inner, size[0], size[1], size[2], 0, format, gl.UNSIGNED_BYTE, data);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, name, filter);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
    gl.texParameteri(gl.TEXTURE_3D, name, gl.CLAMP_TO_EDGE);
}

function prepare(gl, rgba, blocks) {
  const program = compile(gl);
  gl.useProgram(program);
  const place = (name) => gl.getUniformLocation(program, name);
  texture3d(gl, 0, gl.RGBA8, gl.RGBA, settings.size, rgba, gl.LINEAR);
  texture3d(gl, 1, gl.R8, gl.RED, blocks.blocks, blocks.data, gl.NEAREST);
  gl.uniform1i(place('u_volume'), 0);
  gl.uniform1i(place('u_blocks'), 1);
  gl.uniform3fv(place('u_min'), settings.min);
  gl.uniform3fv(place('u_extent'), settings.min.map((low, i) => settings.max[i] - low));
  gl.uniform3fv(place('u_size'), settings.size);
  gl.uniform3fv(place('u_blockSize'), blocks.blocks);
  gl.uniform1f(place('u_cell'), settings.cell);
  gl.uniform3fv(place('u_background'), settings.background);
  return { place };
}

const view = { ...settings.view, zoom: 1 };
let turning = settings.autoRotate && !matchMedia('(prefers-reduced-motion: reduce)').matches;
let phase = 0; // of the automatic swing
let dirty = true;
let sharpness = 1; // share of the screen's pixels that is drawn: falls while drawing is slow

function draw(gl, places) {
  const scale = Math.min(devicePixelRatio, 2) * sharpness;
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  gl.viewport(0, 0, width, height);
  const [ca, sa, ce, se] = [Math.cos(view.azimuth), Math.sin(view.azimuth), Math.cos(view.elevation), Math.sin(view.elevation)];
  const back = [sa * ce, se, ca * ce];
  const half = Math.tan(view.fieldOfView / 2) / view.zoom; // of the shorter side
  const short = Math.min(width, height);
  gl.uniform3fv(places.place('u_eye'), back.map((v, i) => view.target[i] + view.distance * v));
  gl.uniform3fv(places.place('u_right'), [ca, 0, -sa]);
  gl.uniform3fv(places.place('u_up'), [-sa * se, ce, -ca * se]);
  gl.uniform3fv(places.place('u_back'), back);
  gl.uniform2f(places.place('u_pixels'), width, height);
  gl.uniform2f(places.place('u_tangent'), (half * width) / short, (half * height) / short);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
}

/** Draws when something changed; keeps turning smooth by drawing fewer pixels, and draws all of them at rest. */
function loop(gl, places) {
  let last = 0;
  const frame = (now) => {
    const gap = now - last;
    last = now;
    if (turning) {
      phase += Math.min(gap, 100) / 1000;
      view.azimuth = settings.view.azimuth + settings.swing * Math.sin(phase * 0.7);
      dirty = true;
    }
    if (dirty) {
      if (turning || pointers.size > 0) sharpness = clamp(gap > 45 ? sharpness * 0.9 : sharpness * 1.03, 0.25, 1);
      draw(gl, places);
      dirty = false;
      document.body.dataset.state = 'ready';
    } else if (sharpness < 1 && pointers.size === 0) {
      sharpness = 1;
      dirty = true;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

const pointers = new Map();

function rest() {
  turning = false;
  byId('turn').setAttribute('aria-pressed', 'false');
}

function orbit(dx, dy) {
  view.azimuth -= dx;
  view.elevation = clamp(view.elevation + dy, -1.5, 1.5); // short of the poles, where up is undefined
  dirty = true;
}

function zoomBy(factor) {
  view.zoom = clamp(view.zoom * factor, 0.4, 8);
  dirty = true;
}

function spread() {
  const [a, b] = [...pointers.values()];
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function listen() {
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    rest();
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const apart = pointers.size === 2 ? spread() : 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const turn = Math.PI / Math.min(canvas.clientWidth, canvas.clientHeight); // half a turn across the canvas
    if (pointers.size === 1) orbit((event.clientX - before.x) * turn, (event.clientY - before.y) * turn);
    else if (pointers.size === 2 && apart > 0) zoomBy(spread() / apart);
  });
  for (const name of ['pointerup', 'pointercancel'])
    canvas.addEventListener(name, (event) => { pointers.delete(event.pointerId); dirty = true; });
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.03 : 0.001)));
  }, { passive: false });
  canvas.addEventListener('keydown', key);
  canvas.addEventListener('dblclick', home);
  byId('home').addEventListener('click', home);
  byId('turn').addEventListener('click', () => {
    if (turning) return rest();
    turning = true;
    byId('turn').setAttribute('aria-pressed', 'true');
  });
  addEventListener('resize', () => { dirty = true; });
  canvas.addEventListener('webglcontextlost', (event) => {
    event.preventDefault();
    fail('The graphics card stopped drawing. Reload the page.');
  });
}

function key(event) {
  const moves = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
  if (moves[event.key]) { rest(); orbit(...moves[event.key]); }
  else if (event.key === '+' || event.key === '=') zoomBy(1.1);
  else if (event.key === '-') zoomBy(1 / 1.1);
  else if (event.key === 'Home') home();
  else return;
  event.preventDefault();
}

function home() {
  rest();
  Object.assign(view, settings.view, { zoom: 1 });
  dirty = true;
}

async function main() {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: false });
  if (!gl) return fail('This page needs WebGL 2, which this browser does not offer. The turntable beside it shows the same head.');
  if (typeof DecompressionStream === 'undefined') return fail('This browser is too old for this page: use one from 2023 or later.');
  const rgba = await decodeVolume();
  const places = prepare(gl, rgba, blockMaxima(rgba, settings.size));
  byId('turn').setAttribute('aria-pressed', String(turning));
  listen();
  loop(gl, places);
}

main().catch((error) => fail('The head cannot be drawn: ' + error.message));
`;
