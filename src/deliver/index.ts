/**
 * Delivery: a head to files. What other folders may use of deliver/.
 */
export { writeBundle } from './bundle.js';
export { DEPTH_UNIT, depthPreview, encodeDepth } from './depth.js';
export {
  type BakeOptions,
  type Box,
  bakeField,
  type FieldGrid,
  type FieldSampler,
  type FieldSamples,
  type Frame,
  type FrameRenderer,
} from './field.js';
export { type GalleryHead, type GalleryOptions, type GalleryPicture, galleryPage } from './gallery.js';
export { encodeGlb, type GlbOptions } from './glb.js';
export { encodeSplatGlb } from './glb-splats.js';
export { fieldOfHead, type HeadDelivery, productsOfHead } from './head.js';
export { type AnimationOptions, type EncodeOptions, encodeAnimation, encodeImage, type ImageFormat } from './images.js';
export { isolateHead } from './isolate.js';
export {
  type FoundManifest,
  isDelivery,
  type Json,
  MANIFEST_NAME,
  type Manifest,
  type ManifestFile,
  readManifest,
} from './manifest.js';
export { sidecarName } from './marks/containers.js';
export { type Inspection, type InspectionInput, inspectFile, type Verdict } from './marks/inspect.js';
export type { Provenance, ProvenanceInput } from './marks/manifest.js';
export {
  type MarkedFile,
  type Marker,
  type MarksRecord,
  markImage,
  recordOf,
  signedFiles,
} from './marks/marker.js';
export {
  developmentKey,
  loadOwnKey,
  type OwnKeyFiles,
  ownCertificates,
  passingKey,
  type SigningKey,
} from './marks/signing-key.js';
export { DIGITAL_SOURCE_TYPE, type Maker, SYNTHETIC_STATEMENT, syntheticExtras, syntheticXmp } from './marks.js';
export { type ColoredMesh, extractMesh, type MeshOptions, SURFACE_LEVEL } from './mesh.js';
export { type NormalOptions, normalMap } from './normals.js';
export {
  type BundleOptions,
  DEFAULT_EXPORTS,
  EXPORTS,
  type Export,
  type ExtraFile,
  type HeadProducts,
} from './products.js';
export { encodeSplatPly, type SplatOptions, type Splats, splatsOnMesh } from './splats.js';
export { encodeSpz } from './spz.js';
export { encodeTransforms, type TransformsView } from './transforms.js';
export {
  camerasAlong,
  checkSweepSize,
  horizontalPath,
  type OrbitView,
  renderFrames,
  SWEEPS,
  type Sweep,
  type SweepOptions,
  spiralPath,
  sweepPath,
  turntablePath,
  type Viewpoint,
} from './turntable.js';
export { findFfmpeg, type VideoOptions, writeVideo } from './video.js';
export { type ViewerOptions, type ViewerView, viewerPage } from './viewer/page.js';
export { quantise, type Volume } from './viewer/volume.js';
