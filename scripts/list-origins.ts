/**
 * Brings the sizes and hashes in assets/origins.json up to date after a shipped file was made anew; the words stay. A file
 * that is new needs an entry written by hand first: nobody but a person knows where it comes from.
 *
 *   npx tsx scripts/list-origins.ts
 */
import { join } from 'node:path';
import { assetPath } from '../src/core/files/assets.js';
import { writeFileAtomic } from '../src/core/files/atomic.js';
import { hashFile } from '../src/core/files/hash.js';
import { ORIGINS_FILE, readOrigins, requireVerified, verifyOrigins } from '../src/run/origins.js';

const files = (readOrigins() ?? []).map((origin) => ({ ...origin, ...hashFile(assetPath(origin.path)) }));
await writeFileAtomic(join(assetPath(), ORIGINS_FILE), `${JSON.stringify({ files }, null, 2)}\n`);
requireVerified(verifyOrigins());
console.log(`${files.length} files`);
