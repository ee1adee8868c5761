/**
 * Figures of a training as JSON lines and as TensorBoard event files.
 *
 * Event file: records of length, masked CRC-32C, payload, masked CRC-32C (TFRecord); payload = the protobuf messages
 * Event { wall_time 1, step 2, file_version 3, summary 5 } and Summary.Value { tag 1, simple_value 2 } (field numbers are
 * facts of TensorFlow's format). A killed run leaves at most one torn last record; the next run cuts it off, with all rows that
 * lie after the checkpoint it starts from.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';

const root = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
      },
    },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: { fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } } },
  },
});
const eventType = root.lookupType('Event');

/** Appends figures of a training to a folder. */
export class TrainingLog {
  private readonly lines: string;
  private readonly events: string;

  /**
   * Opens (or makes) `folder`/log.jsonl and `folder`/events.out.tfevents.joker3d, and takes out what was written after
   * `fromStep`: those steps will be done again.
   */
  constructor(folder: string, fromStep = Number.POSITIVE_INFINITY) {
    mkdirSync(folder, { recursive: true });
    this.lines = join(folder, 'log.jsonl');
    this.events = join(folder, 'events.out.tfevents.joker3d');
    const rows = rowsOf(this.lines);
    if (existsSync(this.events) && rows.whole && rows.list.every(({ step }) => step <= fromStep)) return;
    const kept = rows.list.filter(({ step }) => step <= fromStep);
    writeFileSync(this.lines, kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const start = record({ wallTime: kept[0]?.time ?? Date.now() / 1000, fileVersion: 'brain.Event:2' });
    writeFileSync(this.events, Buffer.concat([start, ...kept.map(eventOf)]));
  }

  /** One row of figures at a step. */
  write(step: number, figures: Readonly<Record<string, number>>): void {
    const row: Row = { step, time: Date.now() / 1000, ...figures };
    appendFileSync(this.lines, `${JSON.stringify(row)}\n`);
    appendFileSync(this.events, eventOf(row));
  }
}

/** A line of log.jsonl. */
type Row = { readonly step: number; readonly time: number; readonly [figure: string]: number };

/** Rows of a log; not `whole` if there was anything that is no row, such as the torn end of a killed run. */
function rowsOf(path: string): { list: Row[]; whole: boolean } {
  if (!existsSync(path)) return { list: [], whole: true };
  const list: Row[] = [];
  let whole = true;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      const row = JSON.parse(line) as Row;
      if (typeof row.step !== 'number' || typeof row.time !== 'number') throw new SyntaxError('no row');
      list.push(row);
    } catch {
      whole = false;
    }
  }
  return { list, whole };
}

function eventOf({ step, time, ...figures }: Row): Uint8Array {
  const value = Object.entries(figures).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  return record({ wallTime: time, step, summary: { value } });
}

function record(event: object): Uint8Array {
  const payload = eventType.encode(event).finish();
  const out = new Uint8Array(payload.length + 16);
  const view = new DataView(out.buffer);
  view.setUint32(0, payload.length, true); // lengths are 64 bits; the high half stays 0
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true);
  out.set(payload, 12);
  view.setUint32(12 + payload.length, maskedCrc(payload), true);
  return out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1; // Castagnoli polynomial, reflected
  return c >>> 0;
});

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}

/** TFRecord stores rotated and shifted checksums, so that a checksum of data with checksums stays meaningful. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
