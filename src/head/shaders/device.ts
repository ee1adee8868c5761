/**
 * A graphics card for shaders of our own: the browser's, or in Node that of the optional package `webgpu` (Dawn).
 *
 * The networks' runtime has a device of its own (graph/), which it does not share.
 */

/** WebGPU in Node is a package that the user adds: it is larger than the rest of the program. */
const NODE_PACKAGE = 'webgpu';

/** What the package gives. */
type NodeWebGpu = { create(flags: string[]): GPU; readonly globals: object };

/** An open card. */
export type OpenGpu = {
  readonly device: GPUDevice;
  /** must live as long as the device: Dawn's is collected with this object, and what it holds breaks then */
  readonly instance: GPU;
};

/**
 * Opens a device with the card's own limits on buffers; null where there is no WebGPU. Whoever opens it calls `device.destroy`.
 */
export async function openGpu(): Promise<OpenGpu | null> {
  const instance = await findGpu();
  const adapter = await instance?.requestAdapter({ powerPreference: 'high-performance' });
  if (!instance || !adapter) return null;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  return { device, instance };
}

async function findGpu(): Promise<GPU | null> {
  const browser = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (browser) return browser;
  if (typeof process === 'undefined' || !process.versions?.node) return null;
  try {
    const { create, globals } = (await import(/* @vite-ignore */ NODE_PACKAGE)) as NodeWebGpu;
    Object.assign(globalThis, globals); // the classes and constants that a browser has
    return create([]);
  } catch {
    return null; // not installed, or no driver for it
  }
}
