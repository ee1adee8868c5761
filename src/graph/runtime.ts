/**
 * Finding the ONNX runtime: the native one of Node, or the WebAssembly one that runs anywhere.
 *
 * Both speak the interface of onnxruntime-common. Nothing is loaded until it is asked for.
 */
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common';

/** Where a program runs. 'cpu' is native in Node and WebAssembly elsewhere; 'wasm' forces WebAssembly. */
export type Device = 'cpu' | 'webgpu' | 'wasm';

/** What is needed of a runtime. */
export type Runtime = {
  readonly kind: 'native' | 'web';
  readonly create: (model: Uint8Array | string, options: InferenceSession.SessionOptions) => Promise<InferenceSession>;
  readonly Tensor: TensorConstructor;
};

type RuntimeModule = {
  InferenceSession: {
    create(model: Uint8Array | string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  Tensor: TensorConstructor;
};

/** Loads the runtime for a device. Falls back from the native to the WebAssembly runtime where the former has no binary. */
export async function loadRuntime(device: Device): Promise<Runtime> {
  const isNode = typeof process !== 'undefined' && !!process.versions?.node;
  if (isNode && device !== 'wasm') {
    try {
      return wrap('native', (await import('onnxruntime-node')) as unknown as RuntimeModule);
    } catch (cause) {
      if (device === 'webgpu')
        throw new Error('onnxruntime-node could not be loaded, and WebGPU in Node needs it', { cause });
    }
  }
  return wrap('web', (await import('onnxruntime-web')) as unknown as RuntimeModule);
}

function wrap(kind: Runtime['kind'], module: RuntimeModule): Runtime {
  return { kind, create: (model, options) => module.InferenceSession.create(model, options), Tensor: module.Tensor };
}
