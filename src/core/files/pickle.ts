/**
 * Python pickles as data: a reader that runs nothing and knows no class. What a pickle may ask for stands on a list that the
 * caller gives; anything else is refused by its name.
 *
 * Not an unpickler: opcodes that weights do not need (byte strings, sets, classes by INST, OBJ or NEWOBJ, extensions, the text
 * opcodes of protocol 0) are refused. No file system here. The idea of an allow-list instead of a deny-list is that of
 * PyTorch's `weights_only`; opcodes as in PEP 307, PEP 3154 and Python's `pickletools`.
 *
 * Bounds: every opcode makes at most one value, and values, stack, nesting, strings and length are limited, so that time and
 * memory stay proportional to the bytes read. Values may hang together in circles: whoever walks them must not recurse.
 */

import type { JokerError } from '../errors.js';
import { PickleBytes } from './pickle-bytes.js';
import { PICKLE_OPCODES as OP, opcodeName } from './pickle-opcodes.js';
import { badPickle, isKind, type PickleGlobal, type PickleTuple, type PickleValue, quoted } from './pickle-values.js';

export type { PickleValue } from './pickle-values.js';

/** What a pickle may name, as 'module.name': a function of ours that stands for it, or null for a name that is only passed on. */
export type PickleAllowed<T> = ReadonlyMap<string, ((args: readonly PickleValue<T>[]) => PickleValue<T>) | null>;

/** How much a pickle may hold. */
export type PickleLimits = {
  /** default 16 MiB; a checkpoint of 2 000 tensors has 0.3 MB */
  readonly bytes: number;
  /** values made in all, and values kept in the memo; default 500 000: that checkpoint has 50 000 */
  readonly values: number;
  /** values on the stack at once; Python's pickler puts down 1000 entries at a time. Default 100 000 */
  readonly stack: number;
  /** sequences and dicts inside each other, and open marks; default 32 */
  readonly nesting: number;
  /** UTF-8 bytes of one text; default 4096: names of weights have about 100 */
  readonly text: number;
};

const LIMITS: PickleLimits = { bytes: 2 ** 24, values: 500_000, stack: 100_000, nesting: 32, text: 4096 };

/** What `readPickle` needs beside the bytes. */
export type PickleOptions<T> = {
  /** path for errors */
  readonly path: string;
  readonly allowed: PickleAllowed<T>;
  /** what a persistent id stands for, e.g. a storage of a torch file; default: persistent ids are refused */
  readonly persistent?: (id: PickleValue<T>) => T;
  readonly limits?: Partial<PickleLimits>;
};

/**
 * The value of a pickle of protocol 2 to 5.
 * @throws JokerError bad-file for anything that is not on the list, damaged, or beyond a limit.
 */
export function readPickle<T>(bytes: Uint8Array, options: PickleOptions<T>): PickleValue<T> {
  return new Machine(bytes, options).run();
}

/**
 * The value of the first pickle of several things one behind the other, and how many bytes it has.
 * @param bytes from the pickle's start on; what lies beyond the limit of bytes is not looked at.
 * @throws JokerError as `readPickle` does.
 */
export function readFirstPickle<T>(
  bytes: Uint8Array,
  options: PickleOptions<T>,
): { readonly value: PickleValue<T>; readonly length: number } {
  const most = options.limits?.bytes ?? LIMITS.bytes;
  const machine = new Machine(bytes.subarray(0, most), options, false);
  return { value: machine.run(), length: machine.length };
}

/** The stack machine of one pickle. */
class Machine<T> {
  private readonly limits: PickleLimits;
  private readonly bytes: PickleBytes;
  private readonly stack: PickleValue<T>[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue<T>>();
  private made = 0;

  /** @param alone whether nothing may lie behind the pickle */
  constructor(
    bytes: Uint8Array,
    private readonly options: PickleOptions<T>,
    private readonly alone = true,
  ) {
    this.limits = { ...LIMITS, ...options.limits };
    const { bytes: most, text } = this.limits;
    if (bytes.length > most) throw this.bad(`a pickle of ${bytes.length} bytes, at most ${most} are read`);
    if (bytes[0] !== OP.PROTO) throw this.bad('not a pickle of protocol 2 or later');
    this.bytes = new PickleBytes(bytes, options.path, text);
  }

  /** Bytes read so far. */
  get length(): number {
    return this.bytes.done;
  }

  run(): PickleValue<T> {
    for (;;) {
      const opcode = this.bytes.unsigned(1);
      if (opcode === OP.STOP) return this.result();
      this.step(opcode);
    }
  }

  private result(): PickleValue<T> {
    if (this.alone && this.bytes.left > 0) throw this.bad(`${this.bytes.left} bytes after the pickle's end`);
    const value = this.pop();
    if (this.stack.length > 0 || this.marks.length > 0) throw this.bad('values are left over at the end');
    return value;
  }

  private step(opcode: number): void {
    if (!this.literal(opcode) && !this.container(opcode) && !this.memory(opcode) && !this.naming(opcode))
      throw this.bad(`the pickle uses ${opcodeName(opcode)}, which weights do not need`);
  }

  /** Numbers, texts and the like. */
  private literal(opcode: number): boolean {
    switch (opcode) {
      case OP.NONE:
        return this.push(null);
      case OP.NEWTRUE:
        return this.push(true);
      case OP.NEWFALSE:
        return this.push(false);
      case OP.BININT:
        return this.push(this.bytes.unsigned(4) | 0);
      case OP.BININT1:
        return this.push(this.bytes.unsigned(1));
      case OP.BININT2:
        return this.push(this.bytes.unsigned(2));
      case OP.LONG1:
        return this.push(this.bytes.long(this.bytes.unsigned(1)));
      case OP.BINFLOAT:
        return this.push(this.bytes.float());
      case OP.BINUNICODE:
        return this.push(this.bytes.text(this.bytes.unsigned(4)));
      case OP.SHORT_BINUNICODE:
        return this.push(this.bytes.text(this.bytes.unsigned(1)));
      case OP.BINUNICODE8:
        return this.push(this.bytes.text(this.bytes.unsigned(8)));
    }
    return false;
  }

  /** Tuples, lists and dicts. */
  private container(opcode: number): boolean {
    switch (opcode) {
      case OP.MARK:
        return this.mark();
      case OP.EMPTY_TUPLE:
        return this.push(this.tuple([]));
      case OP.EMPTY_LIST:
        return this.push({ kind: 'list', items: [], depth: 1 });
      case OP.EMPTY_DICT:
        return this.push({ kind: 'dict', items: new Map(), called: false, depth: 1 });
      case OP.TUPLE:
        return this.push(this.tuple(this.popMarked()));
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.push(this.tuple(this.popMany(opcode - OP.TUPLE1 + 1)));
      case OP.APPEND:
        return this.append([this.pop()]);
      case OP.APPENDS:
        return this.append(this.popMarked());
      case OP.SETITEM:
        return this.setItems(this.popMany(2));
      case OP.SETITEMS:
        return this.setItems(this.popMarked());
    }
    return false;
  }

  /** Framing and the memo. */
  private memory(opcode: number): boolean {
    switch (opcode) {
      case OP.PROTO:
        return this.protocol(this.bytes.unsigned(1));
      case OP.FRAME:
        return this.frame(this.bytes.unsigned(8));
      case OP.BINPUT:
        return this.put(this.bytes.unsigned(1));
      case OP.LONG_BINPUT:
        return this.put(this.bytes.unsigned(4));
      case OP.MEMOIZE:
        return this.put(this.memo.size);
      case OP.BINGET:
        return this.push(this.recall(this.bytes.unsigned(1)));
      case OP.LONG_BINGET:
        return this.push(this.recall(this.bytes.unsigned(4)));
    }
    return false;
  }

  /** Names and calls: where a pickle could do harm if anything were run. */
  private naming(opcode: number): boolean {
    switch (opcode) {
      case OP.GLOBAL:
        return this.push(this.named(this.bytes.line(), this.bytes.line(), opcode));
      case OP.STACK_GLOBAL: {
        const [module, name] = this.popMany(2);
        return this.push(this.named(this.asText(module), this.asText(name), opcode));
      }
      case OP.INST:
        throw this.refusal(`${this.bytes.line()}.${this.bytes.line()}`, opcode);
      case OP.OBJ:
        throw this.refusal(this.describe(this.popMarked()[0]), opcode);
      case OP.NEWOBJ:
      case OP.NEWOBJ_EX:
        throw this.refusal(this.describe(this.popMany(opcode === OP.NEWOBJ ? 2 : 3)[0]), opcode);
      case OP.REDUCE:
        return this.reduce();
      case OP.BUILD:
        return this.build();
      case OP.BINPERSID:
        return this.persistent();
    }
    return false;
  }

  private named(module: string, name: string, opcode: number): PickleGlobal {
    const full = `${module}.${name}`;
    if (!this.options.allowed.has(full)) throw this.refusal(full, opcode);
    return { kind: 'global', name: full };
  }

  private reduce(): boolean {
    const [what, args] = this.popMany(2);
    const call = isKind(what, 'global') ? this.options.allowed.get(what.name) : null;
    if (!call) throw this.refusal(this.describe(what), OP.REDUCE);
    if (!isKind(args, 'tuple')) throw this.bad('the arguments of a call are not a tuple');
    return this.push(call(args.items));
  }

  /** Attributes: only those of an OrderedDict (torch keeps versions of modules there), and they are dropped. */
  private build(): boolean {
    this.pop();
    const target = this.top();
    if (!isKind(target, 'dict') || !target.called) throw this.refusal(this.describe(target), OP.BUILD);
    return true;
  }

  private persistent(): boolean {
    const { persistent } = this.options;
    if (!persistent) throw this.bad('the pickle refers to data outside of it');
    return this.push({ kind: 'made', made: persistent(this.pop()) });
  }

  private refusal(name: string, opcode: number): JokerError {
    return this.bad(
      `the pickle asks for ${quoted(name)} (${opcodeName(opcode)}), which is not on the list of what weights need`,
    );
  }

  private describe(value: PickleValue<T> | undefined): string {
    if (isKind(value, 'global')) return value.name;
    return value === null || typeof value !== 'object' ? typeof value : value.kind;
  }

  private protocol(version: number): true {
    if (version < 2 || version > 5) throw this.bad(`a pickle of protocol ${version}; 2 to 5 are read`);
    return true;
  }

  /** Frames only announce how much follows. */
  private frame(length: number): true {
    if (length > this.bytes.left) throw this.bad('the pickle is cut off');
    return true;
  }

  private mark(): true {
    if (this.marks.length >= this.limits.nesting) throw this.bad('the pickle nests too deep');
    this.marks.push(this.stack.length);
    return true;
  }

  private tuple(items: PickleValue<T>[]): PickleTuple<T> {
    const made: PickleTuple<T> = { kind: 'tuple', items, depth: 1 };
    this.deepen(made, items);
    return made;
  }

  private append(items: readonly PickleValue<T>[]): true {
    const list = this.top();
    if (!isKind(list, 'list')) throw this.bad('appends to what is not a list');
    for (const item of items) list.items.push(item);
    return this.deepen(list, items);
  }

  private setItems(items: readonly PickleValue<T>[]): true {
    const dict = this.top();
    if (!isKind(dict, 'dict') || items.length % 2 !== 0) throw this.bad('sets entries of what is not a dict');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== 'string' && typeof key !== 'number')
        throw this.bad('a dict has a key that is not a text or a number');
      if (dict.items.has(key)) throw this.bad(`a dict has the key ${quoted(String(key))} twice`);
      dict.items.set(key, items[i + 1]!);
    }
    return this.deepen(dict, items);
  }

  private deepen(parent: { depth: number }, children: readonly PickleValue<T>[]): true {
    for (const child of children)
      if (child !== null && typeof child === 'object' && 'depth' in child)
        parent.depth = Math.max(parent.depth, child.depth + 1);
    if (parent.depth > this.limits.nesting) throw this.bad('the pickle nests too deep');
    return true;
  }

  private put(index: number): true {
    if (this.memo.size >= this.limits.values) throw this.bad('the pickle holds more values than weights need');
    this.memo.set(index, this.top());
    return true;
  }

  private recall(index: number): PickleValue<T> {
    const value = this.memo.get(index);
    if (value === undefined) throw this.bad(`nothing was kept under the number ${index}`);
    return value;
  }

  private push(value: PickleValue<T>): true {
    if (++this.made > this.limits.values || this.stack.length >= this.limits.stack)
      throw this.bad('the pickle holds more values than weights need');
    this.stack.push(value);
    return true;
  }

  private top(): PickleValue<T> {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.bad('the pickle takes a value that is not there');
    return this.stack.at(-1)!;
  }

  private pop(): PickleValue<T> {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): PickleValue<T>[] {
    const floor = this.marks.at(-1) ?? 0;
    if (this.stack.length - floor < count) throw this.bad('the pickle takes a value that is not there');
    return this.stack.splice(this.stack.length - count);
  }

  private popMarked(): PickleValue<T>[] {
    const floor = this.marks.pop();
    if (floor === undefined) throw this.bad('the pickle looks for a mark that is not there');
    return this.stack.splice(floor);
  }

  private asText(value: PickleValue<T> | undefined): string {
    if (typeof value !== 'string') throw this.bad('a name is not a text');
    return value;
  }

  private bad(what: string): JokerError {
    return badPickle(this.options.path, what);
  }
}
