/** Names of original checkpoints: pairs as they stand in the published files, and what is not a weight. */
import { describe, expect, it } from 'vitest';
import { unetConfigSchema, vaeConfigSchema } from './config.js';
import { isLdmCheckpoint, isLdmExtra, ldmIndex, ldmName } from './ldm-keys.js';

const config = {
  unet: unetConfigSchema.parse({
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  }),
  vae: vaeConfigSchema.parse({
    down_block_types: Array(4).fill('DownEncoderBlock2D'),
    up_block_types: Array(4).fill('UpDecoderBlock2D'),
    block_out_channels: [128, 256, 512, 512],
    layers_per_block: 2,
  }),
};

/** Ours and theirs, in Stable Diffusion 1.5; every kind of layer once, both ends of every numbering. */
const PAIRS = `
unet.conv_in.weight | model.diffusion_model.input_blocks.0.0.weight
unet.time_embedding.linear_1.bias | model.diffusion_model.time_embed.0.bias
unet.time_embedding.linear_2.weight | model.diffusion_model.time_embed.2.weight
unet.down_blocks.0.resnets.0.norm1.weight | model.diffusion_model.input_blocks.1.0.in_layers.0.weight
unet.down_blocks.0.resnets.1.conv1.bias | model.diffusion_model.input_blocks.2.0.in_layers.2.bias
unet.down_blocks.0.attentions.0.norm.weight | model.diffusion_model.input_blocks.1.1.norm.weight
unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.bias | model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.bias
unet.down_blocks.0.downsamplers.0.conv.weight | model.diffusion_model.input_blocks.3.0.op.weight
unet.down_blocks.1.resnets.0.conv_shortcut.weight | model.diffusion_model.input_blocks.4.0.skip_connection.weight
unet.down_blocks.1.attentions.1.transformer_blocks.0.ff.net.0.proj.weight | model.diffusion_model.input_blocks.5.1.transformer_blocks.0.ff.net.0.proj.weight
unet.down_blocks.2.downsamplers.0.conv.bias | model.diffusion_model.input_blocks.9.0.op.bias
unet.down_blocks.3.resnets.1.time_emb_proj.weight | model.diffusion_model.input_blocks.11.0.emb_layers.1.weight
unet.mid_block.resnets.0.norm2.bias | model.diffusion_model.middle_block.0.out_layers.0.bias
unet.mid_block.attentions.0.proj_out.weight | model.diffusion_model.middle_block.1.proj_out.weight
unet.mid_block.resnets.1.conv2.weight | model.diffusion_model.middle_block.2.out_layers.3.weight
unet.up_blocks.0.resnets.2.conv_shortcut.bias | model.diffusion_model.output_blocks.2.0.skip_connection.bias
unet.up_blocks.0.upsamplers.0.conv.weight | model.diffusion_model.output_blocks.2.1.conv.weight
unet.up_blocks.1.attentions.2.transformer_blocks.0.norm3.weight | model.diffusion_model.output_blocks.5.1.transformer_blocks.0.norm3.weight
unet.up_blocks.1.upsamplers.0.conv.bias | model.diffusion_model.output_blocks.5.2.conv.bias
unet.up_blocks.2.upsamplers.0.conv.weight | model.diffusion_model.output_blocks.8.2.conv.weight
unet.up_blocks.3.attentions.2.proj_in.weight | model.diffusion_model.output_blocks.11.1.proj_in.weight
unet.conv_norm_out.weight | model.diffusion_model.out.0.weight
unet.conv_out.bias | model.diffusion_model.out.2.bias
vae.encoder.conv_in.weight | first_stage_model.encoder.conv_in.weight
vae.encoder.down_blocks.0.resnets.1.norm2.weight | first_stage_model.encoder.down.0.block.1.norm2.weight
vae.encoder.down_blocks.1.resnets.0.conv_shortcut.weight | first_stage_model.encoder.down.1.block.0.nin_shortcut.weight
vae.encoder.down_blocks.2.downsamplers.0.conv.bias | first_stage_model.encoder.down.2.downsample.conv.bias
vae.encoder.mid_block.resnets.0.conv1.weight | first_stage_model.encoder.mid.block_1.conv1.weight
vae.encoder.mid_block.attentions.0.group_norm.bias | first_stage_model.encoder.mid.attn_1.norm.bias
vae.encoder.mid_block.attentions.0.to_q.weight | first_stage_model.encoder.mid.attn_1.q.weight
vae.encoder.mid_block.attentions.0.to_out.0.bias | first_stage_model.encoder.mid.attn_1.proj_out.bias
vae.encoder.mid_block.resnets.1.conv2.bias | first_stage_model.encoder.mid.block_2.conv2.bias
vae.encoder.conv_norm_out.weight | first_stage_model.encoder.norm_out.weight
vae.decoder.up_blocks.0.resnets.2.norm1.bias | first_stage_model.decoder.up.3.block.2.norm1.bias
vae.decoder.up_blocks.0.upsamplers.0.conv.weight | first_stage_model.decoder.up.3.upsample.conv.weight
vae.decoder.up_blocks.2.resnets.0.conv_shortcut.bias | first_stage_model.decoder.up.1.block.0.nin_shortcut.bias
vae.decoder.up_blocks.3.resnets.0.conv_shortcut.weight | first_stage_model.decoder.up.0.block.0.nin_shortcut.weight
vae.decoder.conv_out.weight | first_stage_model.decoder.conv_out.weight
vae.quant_conv.weight | first_stage_model.quant_conv.weight
vae.post_quant_conv.bias | first_stage_model.post_quant_conv.bias
text_encoder.embeddings.token_embedding.weight | cond_stage_model.transformer.text_model.embeddings.token_embedding.weight
text_encoder.encoder.layers.11.self_attn.k_proj.bias | cond_stage_model.transformer.text_model.encoder.layers.11.self_attn.k_proj.bias
text_encoder.final_layer_norm.weight | cond_stage_model.transformer.text_model.final_layer_norm.weight
`
  .trim()
  .split('\n')
  .map((line) => line.split(' | ') as [string, string]);

describe('names of original checkpoints', () => {
  it.each(PAIRS)('%s', (ours, theirs) => {
    expect(ldmName(ours, config)).toBe(theirs);
  });

  it('have no counterpart for the parts that the paper adds', () => {
    expect(ldmName('ref_unet.conv_in.weight', config)).toBeNull();
    expect([...ldmIndex(['controlnet.conv_in.weight', 'unet.conv_in.bias'], config)]).toEqual([
      ['model.diffusion_model.input_blocks.0.0.bias', 'unet.conv_in.bias'],
    ]);
  });

  it('know what else such a file holds', () => {
    for (const name of [
      'model_ema.decay',
      'betas',
      'alphas_cumprod_prev',
      'sqrt_recipm1_alphas_cumprod',
      'posterior_mean_coef1',
    ])
      expect(isLdmExtra(name)).toBe(true);
    for (const name of ['model.diffusion_model.out.0.bias', 'control_model.zero_convs.0.0.weight', 'sqrt_.weight'])
      expect(isLdmExtra(name)).toBe(false);
    expect(isLdmCheckpoint(['betas', 'model.diffusion_model.out.0.bias'])).toBe(true);
    expect(isLdmCheckpoint(['unet.conv_in.bias'])).toBe(false);
  });
});
