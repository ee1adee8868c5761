/**
 * `ControlNetModel` (Zhang et al. 2023) with diffusers' names: a copy of the UNet's first half that also sees a picture,
 * and whose outputs pass zero-initialised 1×1 convolutions.
 *
 * In Joker the picture is the normal map of the wanted pose and expression; this network never sees the reference.
 */
import { silu, type Tensor } from '../graph/index.js';
import type { ControlnetConfig } from './config.js';
import { convolution, type Scope } from './scope.js';
import { type ControlResiduals, contextOf, encode } from './unet.js';

/** What goes into a ControlNet. Timesteps and text may have any batch that divides B. */
export type ControlnetInputs = {
  /** noisy latents [B, C, H, W] */
  readonly sample: Tensor;
  /** [T], float32 */
  readonly timestep: Tensor;
  /** [B', S, D] */
  readonly text: Tensor;
  /** output of `controlEmbedding`, brought to the whole batch: [B, first width, H, W] */
  readonly embedding: Tensor;
};

/**
 * Embedding of the control pictures [V, 3, H·f, W·f] in [−1, 1] → [V, first width, H, W], f = 2 per width beyond the
 * first. Depends on neither t nor noise nor text, so one result serves all steps and both guidance branches.
 */
export function controlEmbedding(scope: Scope, config: ControlnetConfig, control: Tensor): Tensor {
  const root = scope.at('controlnet_cond_embedding');
  const widths = config.conditioning_embedding_out_channels;
  let x = silu(convolution(root.at('conv_in'), control, widths[0]!));
  for (let i = 0; i + 1 < widths.length; i++) {
    x = silu(convolution(root.at(`blocks.${2 * i}`), x, widths[i]!));
    x = silu(convolution(root.at(`blocks.${2 * i + 1}`), x, widths[i + 1]!, { stride: 2 }));
  }
  return convolution(root.at('conv_out'), x, config.block_out_channels[0]!);
}

/** Residuals for the UNet's skips and mid block, each shaped as what it is added to. */
export function controlnet(scope: Scope, config: ControlnetConfig, inputs: ControlnetInputs): ControlResiduals {
  const context = contextOf(scope, config, inputs);
  const { skips, mid } = encode(scope, config, inputs.sample, context, inputs.embedding);
  const zero = (name: string, x: Tensor): Tensor => convolution(scope.at(name), x, x.shape[1]!, { kernel: 1 });
  return {
    down: skips.map((skip, i) => zero(`controlnet_down_blocks.${i}`, skip)),
    mid: zero('controlnet_mid_block', mid),
  };
}
