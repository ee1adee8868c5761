/** The pickle reader: what it reads, what it refuses by name, its bounds, and mutated bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, floats, int, pickle, statePickle, text } from '../../../test/fixtures/torch-writer.js';
import { JokerError } from '../errors.js';
import { type PickleAllowed, type PickleValue, readPickle } from './pickle.js';
import { calledDict, isKind } from './pickle-values.js';

type Call = { readonly call: string; readonly args: readonly PickleValue<Call>[] };

const allowed: PickleAllowed<Call> = new Map<
  string,
  ((args: readonly PickleValue<Call>[]) => PickleValue<Call>) | null
>([
  ['collections.OrderedDict', () => calledDict<Call>()],
  ['torch._utils._rebuild_tensor_v2', (args) => ({ kind: 'made', made: { call: 'tensor', args } })],
  ['torch.FloatStorage', null],
]);
const persistent = (id: PickleValue<Call>): Call => ({ call: 'storage', args: [id] });

function read(value: Uint8Array) {
  return readPickle<Call>(value, { path: 'p', allowed, persistent });
}

/** Plain form of a value, for comparing. */
function plain(value: PickleValue<Call>): unknown {
  if (isKind(value, 'tuple') || isKind(value, 'list')) return value.items.map(plain);
  if (isKind(value, 'dict')) return new Map([...value.items].map(([key, item]) => [key, plain(item)]));
  return value;
}

describe('readPickle', () => {
  it('reads the values of protocols 2 to 5', () => {
    expect(read(pickle('N'))).toBe(null);
    expect(plain(read(pickle('(', 0x88, 0x89, 'K', 7, 'M', 1, 2, 't')))).toEqual([true, false, 7, 513]);
    expect(read(pickle('J', 0xff, 0xff, 0xff, 0xff))).toBe(-1);
    expect(read(pickle(0x8a, 2, 0x00, 0xff))).toBe(-256);
    expect(read(pickle(0x8a, 0))).toBe(0);
    expect(read(pickle(int(2 ** 40)))).toBe(2 ** 40);
    expect(read(pickle('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0))).toBe(1.5);
    expect(plain(read(pickle(']', '(', 'K', 1, 'K', 2, 'e', 'K', 3, 'a')))).toEqual([1, 2, 3]);
    expect(plain(read(pickle('}', text('a'), 'K', 1, 's', '(', text('b'), ')', 'u')))).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['b', []],
      ]),
    );
    const framed = bytes(0x80, 4, 0x95, 4, 0, 0, 0, 0, 0, 0, 0, 0x8c, 1, 'x', 0x94, '0');
    expect(() => read(bytes(framed, '.'))).toThrow(/POP/);
    expect(read(bytes(0x80, 4, 0x95, 4, 0, 0, 0, 0, 0, 0, 0, 0x8c, 1, 'x', 0x94, '.'))).toBe('x');
    expect(plain(read(bytes(0x80, 5, 0x8c, 1, 'x', 0x94, 'h', 0, 0x86, '.')))).toEqual(['x', 'x']);
    expect(plain(read(pickle(text('x'), 'r', 9, 0, 0, 0, 'j', 9, 0, 0, 0, 0x86)))).toEqual(['x', 'x']);
  });

  it('reads a state dict as torch writes it, attributes of the OrderedDict dropped', () => {
    const value = read(statePickle({ 'a.weight': floats([2], new Float32Array(2)) }));
    expect(isKind(value, 'dict') && [...value.items.keys()]).toEqual(['a.weight']);
    const tensor = isKind(value, 'dict') && value.items.get('a.weight');
    expect(tensor).toMatchObject({ made: { call: 'tensor' } });
  });

  it('keeps __proto__ and constructor as ordinary keys', () => {
    const value = read(pickle('}', '(', text('__proto__'), '}', text('constructor'), 'N', 'u'));
    expect(isKind(value, 'dict') && [...value.items.keys()]).toEqual(['__proto__', 'constructor']);
    expect(() => read(pickle('c__proto__\n\n'))).toThrow(/"__proto__\."/);
    expect(({} as Record<string, unknown>)['made']).toBeUndefined();
  });
});

/** Well-known ways in which a pickle makes Python do something, and the name that the refusal must give. */
const ATTACKS: readonly [what: string, pickle: Uint8Array, named: string][] = [
  ['os.system by GLOBAL', pickle('cos\nsystem\n', '(', text('id'), 't', 'R'), 'os.system'],
  ['posix.system', pickle('cposix\nsystem\n', text('id'), 0x85, 'R'), 'posix.system'],
  ['builtins.eval by STACK_GLOBAL', bytes(0x80, 4, 0x8c, 8, 'builtins', 0x8c, 4, 'eval', 0x93, ')R.'), 'builtins.eval'],
  ['builtins.exec', pickle('cbuiltins\nexec\n', text('1'), 0x85, 'R'), 'builtins.exec'],
  ['Python 2 builtins', pickle('c__builtin__\neval\n', text('1'), 0x85, 'R'), '__builtin__.eval'],
  ['getattr', pickle('cbuiltins\ngetattr\n', ')', 'R'), 'builtins.getattr'],
  ['INST', pickle('(', text('id'), 'ios\nsystem\n'), 'os.system'],
  ['OBJ of a listed name', pickle('(', 'ccollections\nOrderedDict\n', 'o'), 'collections.OrderedDict'],
  ['OBJ of another name', pickle('(', 'csubprocess\nPopen\n', 'o'), 'subprocess.Popen'],
  ['NEWOBJ', pickle('ccollections\nOrderedDict\n', ')', 0x81), 'collections.OrderedDict'],
  ['NEWOBJ_EX', bytes(0x80, 4, 'ctorch\nFloatStorage\n', ')', '}', 0x92, '.'), 'torch.FloatStorage'],
  ['REDUCE of a name that is only passed on', pickle('ctorch\nFloatStorage\n', ')', 'R'), 'torch.FloatStorage'],
  ['REDUCE of a text', pickle(text('os.system'), ')', 'R'), 'string'],
  ['REDUCE of a result', pickle('ccollections\nOrderedDict\n)R', ')', 'R'), 'dict'],
  ['BUILD of a list', pickle(']', '}', 'b'), 'list'],
  ['BUILD of a plain dict', pickle('}', '}', 'b'), 'dict'],
  ['BUILD of a name', pickle('ccollections\nOrderedDict\n', '}', 'b'), 'collections.OrderedDict'],
  ['BUILD of a tensor', pickle('ctorch._utils\n_rebuild_tensor_v2\n)R', '}', 'b'), 'made'],
  ['dotted name', bytes(0x80, 4, 0x8c, 5, 'torch', 0x8c, 16, 'FloatStorage.new', 0x93, '.'), 'torch.FloatStorage.new'],
  ['copyreg extension', pickle(0x82, 1), 'EXT1'],
  ['lookalike with a space', pickle('ccollections\nOrderedDict \n)R'), 'collections.OrderedDict '],
  ['torch.load inside', pickle('ctorch.serialization\nload\n', ')', 'R'), 'torch.serialization.load'],
  ['numpy array', pickle('cnumpy.core.multiarray\n_reconstruct\n', ')', 'R'), 'numpy.core.multiarray._reconstruct'],
  ['runpy', pickle('crunpy\n_run_code\n'), 'runpy._run_code'],
  ['pip', pickle('cpip\nmain\n'), 'pip.main'],
  ['webbrowser', pickle('cwebbrowser\nopen\n'), 'webbrowser.open'],
  ['hidden behind an unused memo', pickle('cos\nsystem\n', 'q', 0, 'N', 0x86), 'os.system'],
];

describe('malicious pickles', () => {
  it.each(ATTACKS)('%s is refused by name', (_, attack, named) => {
    expect(() => read(attack)).toThrow(JokerError);
    expect(() => read(attack)).toThrow(new RegExp(named.replaceAll('.', '\\.')));
  });

  it('text opcodes, byte strings and sets are refused by name', () => {
    for (const [piece, name] of [
      ["S'x'\n", 'STRING'],
      ['I1\n', 'INT'],
      ['L1L\n', 'LONG'],
      ['U', 'SHORT_BINSTRING'],
      ['C', 'SHORT_BINBYTES'],
      ['P1\n', 'PERSID'],
      ['(l', 'LIST'],
      ['2', 'DUP'],
      [bytes(0x8f), 'EMPTY_SET'],
      [bytes(0x97), 'NEXT_BUFFER'],
      [bytes(0xff), '0xff'],
    ] as const)
      expect(() => read(pickle(piece))).toThrow(new RegExp(`uses .*${name}`));
    expect(() => read(bytes('(lp0\n.'))).toThrow(/protocol 2 or later/);
    expect(() => read(bytes(0x80, 6, 'N.'))).toThrow(/protocol 6/);
  });
});

describe('bounds', () => {
  const refused: readonly [string, Uint8Array, RegExp][] = [
    ['marks', pickle('('.repeat(1000)), /nests too deep/],
    ['nested tuples', pickle(')', '\x85'.repeat(100_000)), /nests too deep/],
    ['nested lists', pickle(']', ']a'.repeat(10), 'N'), /left over/],
    ['values', pickle('N'.repeat(600_000)), /more values/],
    ['memo', bytes(0x80, 4, 'N', '\x94'.repeat(600_000), '.'), /more values/],
    ['length', pickle('N'.repeat(2 ** 24)), /at most/],
    ['a text of 4 GB', pickle('X', 0xff, 0xff, 0xff, 0xff), /a text of 4294967295 bytes/],
    ['a text of 2^63 bytes', bytes(0x80, 4, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80, '.'), /a text of/],
    ['a frame that is longer than the file', bytes(0x80, 4, 0x95, 0, 0, 0, 0, 1, 0, 0, 0, 'N.'), /cut off/],
    ['a long number', pickle(0x8a, 200, 'x'.repeat(200)), /whole number of 200 bytes/],
    ['a number beyond 2^53', pickle(int(2 ** 60)), /beyond 2\^53/],
    ['an endless name', pickle(`c${'x'.repeat(10_000)}`), /without an end/],
    ['an empty stack', pickle('0'), /POP/],
    ['an empty stack at the end', pickle(), /not there/],
    ['a pop through a mark', pickle('K', 1, '(', 0x85), /not there/],
    ['no mark', pickle('t'), /mark/],
    ['a key twice', pickle('}', text('a'), 'N', 's', text('a'), 'N', 's'), /twice/],
    ['a tuple as key', pickle('}', ')', 'N', 's'), /key/],
    ['half an entry', pickle('}', '(', text('a'), 'u'), /entries/],
    ['bytes after the end', bytes(pickle('N'), 'N'), /after the pickle/],
    ['an unknown memo', pickle('h', 3), /number 3/],
    ['text that is not UTF-8', pickle('X', 1, 0, 0, 0, 0xff), /UTF-8/],
    ['nothing', new Uint8Array(), /protocol 2/],
  ];
  it.each(refused)('%s: refused with a typed error', (_, value, message) => {
    expect(() => read(value)).toThrow(JokerError);
    expect(() => read(value)).toThrow(message);
  });

  it('a list that holds itself is a value like any other', () => {
    const value = read(pickle(']', 'q', 0, 'h', 0, 'a'));
    expect(isKind(value, 'list') && value.items[0]).toBe(value);
  });
});

describe('mutated bytes', () => {
  const seeds = [
    statePickle({
      a: floats([2, 3], new Float32Array(6)),
      b: { ...floats([1], new Float32Array(1)), parameter: true },
    }),
    bytes(0x80, 4, 0x95, 4, 0, 0, 0, 0, 0, 0, 0, 0x8c, 1, 'x', 0x94, '.'),
    ...ATTACKS.map(([, attack]) => attack),
  ];

  it('give a value or a JokerError, never anything else', () => {
    const mutation = fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), mutation, fc.nat(4000), (seed, edits, cut) => {
        const value = Uint8Array.from(seeds[seed]!);
        for (const [at, byte] of edits) value[at % value.length] = byte;
        valueOrError(cut % 3 === 0 ? value.subarray(0, cut % (value.length + 1)) : value);
      }),
      { numRuns: 3000 },
    );
  });

  it('random opcodes too', () => {
    const opcode = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x28, 0x29, 0x5d, 0x7d, 0x4e, 0x85, 0x94),
    );
    fc.assert(
      fc.property(fc.array(opcode, { maxLength: 200 }), (codes) => valueOrError(bytes(0x80, 2, ...codes, '.'))),
      { numRuns: 3000 },
    );
  });
});

function valueOrError(value: Uint8Array): void {
  try {
    read(value);
  } catch (error) {
    expect(error).toBeInstanceOf(JokerError);
  }
}
