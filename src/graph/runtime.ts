/**
 * Finding the ONNX runtime: the native one of Node, or the WebAssembly one that runs anywhere.
 *
 * Both speak the interface of onnxruntime-common. Nothing is loaded until it is asked for.
 */
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common';
import { JokerError } from '../core/errors.js';

/** Where a program runs. 'cpu' is native in Node and WebAssembly elsewhere; 'wasm' forces WebAssembly. */
export type Device = 'cpu' | 'webgpu' | 'wasm';

/** What is needed of a runtime. */
export type Runtime = {
  readonly kind: 'native' | 'web';
  readonly create: (model: Uint8Array | string, options: InferenceSession.SessionOptions) => Promise<InferenceSession>;
  readonly Tensor: TensorConstructor;
  /**
   * True if a run writes into output tensors given in advance. The WebAssembly runtime accepts such tensors and leaves them
   * untouched (1.30), so state has to be taken from its results there.
   */
  readonly fillsOutputs: boolean;
  /** True if state stays in the device's own memory between runs and has to be fetched to be seen. */
  readonly keepsStateOnDevice: boolean;
};

/** The part of a runtime's module that is used. */
export type RuntimeModule = {
  readonly InferenceSession: {
    create(model: Uint8Array | string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
};

/** How the two runtimes are loaded, so that a test can take one away. */
export type RuntimeLoaders = {
  /** absent outside Node */
  readonly native?: () => Promise<RuntimeModule>;
  readonly web: (device: Device) => Promise<RuntimeModule>;
};

const isNode = typeof process !== 'undefined' && !!process.versions?.node;

const LOADERS: RuntimeLoaders = {
  ...(isNode ? { native: async () => (await import('onnxruntime-node')) as unknown as RuntimeModule } : {}),
  web: async (device) => (await importWeb(device)) as unknown as RuntimeModule,
};

/**
 * The build of onnxruntime-web for a device. In a browser its default build carries an older WebGPU provider, which lacks
 * operations of training steps; '/webgpu' carries the native one, '/wasm' none and is the smallest.
 */
function importWeb(device: Device): Promise<object> {
  if (isNode) return import('onnxruntime-web');
  return device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');
}

/**
 * Loads the runtime for a device. Where the native runtime has no binary, 'cpu' falls back to WebAssembly, several times
 * slower; `runtime.kind` says which it became.
 * @throws JokerError 'unsupported' if neither can be loaded, or for 'webgpu' in Node without the native runtime.
 */
export async function loadRuntime(device: Device, loaders: RuntimeLoaders = LOADERS): Promise<Runtime> {
  if (loaders.native && device !== 'wasm') {
    try {
      return wrap('native', device, await loaders.native());
    } catch (cause) {
      if (device === 'webgpu') throw missing('onnxruntime-node', 'WebGPU in Node needs it', cause);
    }
  }
  try {
    return wrap('web', device, await loaders.web(device));
  } catch (cause) {
    throw missing('onnxruntime-web', 'there is no runtime for the networks', cause);
  }
}

/** Which runtime programs on `device` get: 'web' for 'cpu' in Node is the slower fallback, which a person should be told. */
export async function runtimeKind(device: Device): Promise<Runtime['kind']> {
  return (await loadRuntime(device)).kind;
}

function missing(name: string, consequence: string, cause: unknown): JokerError {
  const remedy = `Install it with 'npm install ${name}'${name.endsWith('node') ? ", or use the device 'cpu' or 'wasm'" : ''}`;
  return new JokerError('unsupported', `${name} could not be loaded, and ${consequence}`, `${remedy}.`, { cause });
}

function wrap(kind: Runtime['kind'], device: Device, module: RuntimeModule): Runtime {
  const keepsStateOnDevice = device === 'webgpu';
  return {
    kind,
    create: (model, options) => module.InferenceSession.create(model, options),
    Tensor: module.Tensor,
    fillsOutputs: kind === 'native' && !keepsStateOnDevice,
    keepsStateOnDevice,
  };
}
