import { fieldLayout, paperField, draftField } from '../src/head/index.js';
console.log(fieldLayout(paperField).entries*2, fieldLayout(draftField).entries, fieldLayout(draftField).levels.map(l=>l.resolution), fieldLayout(paperField).levels.map(l=>l.resolution).join());
