/**
 * Reads vitest's JSON report and prints "<passed> <failed>". A run that ended badly without a failed test (a file that
 * could not be loaded, an unhandled error) counts as one failure.
 *
 * Usage: node scripts/ci-counts.mjs <report.json> <exit status of vitest>
 */

import { readFileSync } from 'node:fs';

const [path, status] = process.argv.slice(2);
const report = JSON.parse(readFileSync(path, 'utf8'));
const files = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const failed = report.numFailedTests + files.length;
console.log(`${report.numPassedTests} ${failed === 0 && status !== '0' ? 1 : failed}`);
