/**
 * What the program sees in a photo: turn, strongest expression weights, and the same face with another expression as a normal map.
 *
 *   npx tsx examples/face.ts [photo]
 */
import { analyseFace, faceNormals, loadFaceTools, loadPhoto, PRESETS, withExpression } from '../src/index.js';

const tools = await loadFaceTools();
const photo = await loadPhoto(process.argv[2] ?? 'assets/demo/person.png');
const { face } = await analyseFace(photo, tools);
await tools.tracker.dispose();

const degrees = face.angle.map((radians) => ((radians * 180) / Math.PI).toFixed(1));
const strongest = Object.entries(face.arkit)
  .sort(([, a], [, b]) => b - a)
  .slice(0, 5)
  .map(([name, weight]) => `${name} ${weight.toFixed(2)}`);
console.log(
  `pitch, yaw, roll: ${degrees.join('°, ')}°; fit error ${face.errorPercent?.toFixed(1)} % of the eyes' distance`,
);
console.log(`expression: ${strongest.join(', ') || 'none'}`);

// Identity and turn stay, the expression is another one. This picture is what the 2D prior is controlled by.
const surprised = withExpression(face, tools.model, PRESETS.surprise);
const { mask } = faceNormals(surprised, tools.model, 128);
const share = mask.data.reduce((sum, value) => sum + value, 0) / mask.data.length;
console.log(`surprised, the face covers ${(100 * share).toFixed(0)} % of its crop`);
