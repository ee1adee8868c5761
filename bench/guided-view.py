# The work of bench/guided-view.ts in PyTorch: an outside reference for speed, never needed by the product. Plain modules of the
# framework's own operations; before anything is timed, the result is compared with ours.
#   python3 bench/guided-view.py FILE [repeat]     (FILE: written by guided-view.ts --write)
import json, math, os, struct, sys, time
import numpy as np
import torch
import torch.nn.functional as F

path, repeat = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
torch.set_num_threads(int(os.environ.get("THREADS", "1")))
with open(path, "rb") as f:
    header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
    body = f.read()
settings = json.loads(header.pop("__metadata__")["settings"])
W = {}
for name, entry in header.items():
    first, last = entry["data_offsets"]
    W[name] = torch.from_numpy(np.frombuffer(body[first:last], dtype=np.float32).reshape(entry["shape"]).copy())
config = settings["unet"]
channels, groups, eps = config["block_out_channels"], config["norm_num_groups"], config["norm_eps"]
heads, last_level = config["attention_head_dim"], len(channels) - 1


def conv(p, x, **kw):
    return F.conv2d(x, W[p + ".weight"], W[p + ".bias"], **kw)


def dense(p, x):
    return F.linear(x, W[p + ".weight"], W.get(p + ".bias"))


def group_norm(p, x, e=eps):
    return F.group_norm(x, groups, W[p + ".weight"], W[p + ".bias"], e)


def layer_norm(p, x):
    return F.layer_norm(x, x.shape[-1:], W[p + ".weight"], W[p + ".bias"])


def resnet(p, x, time_embedding):
    h = conv(p + ".conv1", F.silu(group_norm(p + ".norm1", x)), padding=1)
    h = h + dense(p + ".time_emb_proj", F.silu(time_embedding))[:, :, None, None]
    h = conv(p + ".conv2", F.silu(group_norm(p + ".norm2", h)), padding=1)
    return (conv(p + ".conv_shortcut", x) if p + ".conv_shortcut.weight" in W else x) + h


def attention(p, x, context, extra=None):
    b, t, c = x.shape
    split = lambda y: y.reshape(y.shape[0], y.shape[1], heads, c // heads).transpose(1, 2)

    def side(name):
        own = dense(p + name, context)
        if own.shape[0] != b:
            own = own.repeat_interleave(b // own.shape[0], 0)
        if extra is None:
            return split(own)
        more = dense(p + name, extra)
        return split(torch.cat([own, more.repeat_interleave(b // more.shape[0], 0)], 1))

    q = split(dense(p + ".to_q", x)) * (c // heads) ** -0.5
    mixed = torch.softmax(q @ side(".to_k").transpose(2, 3), -1) @ side(".to_v")
    return dense(p + ".to_out.0", mixed.transpose(1, 2).reshape(b, t, c))


def transformer(p, x, text, inject):
    b, c, h, w = x.shape
    y = conv(p + ".proj_in", group_norm(p + ".norm", x, 1e-6)).flatten(2).transpose(1, 2)
    q = p + ".transformer_blocks.0"
    own = layer_norm(q + ".norm1", y)
    extra = inject and inject[q.split(".", 1)[1] + ".attn1"].reshape(text.shape[0], -1, c)
    y = y + attention(q + ".attn1", own, own, extra if inject else None)
    y = y + attention(q + ".attn2", layer_norm(q + ".norm2", y), text)
    a, gate = dense(q + ".ff.net.0.proj", layer_norm(q + ".norm3", y)).chunk(2, -1)
    y = y + dense(q + ".ff.net.2", a * F.gelu(gate))
    return x + conv(p + ".proj_out", y.transpose(1, 2).reshape(b, c, h, w))


def encode(root, sample, t, text, addition=None, inject=None):
    x = conv(root + ".conv_in", sample, padding=1)
    if addition is not None:
        x = x + addition
    skips = [x]
    for level in range(len(channels)):
        for i in range(config["layers_per_block"]):
            p = f"{root}.down_blocks.{level}"
            x = resnet(f"{p}.resnets.{i}", x, t)
            if "CrossAttn" in config["down_block_types"][level]:
                x = transformer(f"{p}.attentions.{i}", x, text, inject)
            skips.append(x)
        if level < last_level:
            x = conv(f"{root}.down_blocks.{level}.downsamplers.0.conv", x, stride=2, padding=1)
            skips.append(x)
    x = resnet(root + ".mid_block.resnets.0", x, t)
    x = transformer(root + ".mid_block.attentions.0", x, text, inject)
    return skips, resnet(root + ".mid_block.resnets.1", x, t)


def time_embedding(root, t):
    half = channels[0] // 2
    angles = t * torch.exp(-math.log(10000) * torch.arange(half) / half)
    x = torch.cat([torch.cos(angles), torch.sin(angles)])[None]
    return dense(root + ".time_embedding.linear_2", F.silu(dense(root + ".time_embedding.linear_1", x)))


def predict(sample, control, text, inject, t):
    both, addition = torch.cat([sample, sample]), torch.cat([control, control])
    residuals, mid_residual = encode("controlnet", both, time_embedding("controlnet", t), text, addition)
    emb = time_embedding("unet", t)
    skips, x = encode("unet", both, emb, text, inject=inject)
    skips = [s + conv(f"controlnet.controlnet_down_blocks.{i}", r) for i, (s, r) in enumerate(zip(skips, residuals))]
    x = x + conv("controlnet.controlnet_mid_block", mid_residual)
    for i in range(len(channels)):
        for j in range(config["layers_per_block"] + 1):
            p = f"unet.up_blocks.{i}"
            x = resnet(f"{p}.resnets.{j}", torch.cat([x, skips.pop()], 1), emb)
            if "CrossAttn" in config["up_block_types"][i]:
                x = transformer(f"{p}.attentions.{j}", x, text, inject)
        if i < last_level:
            x = conv(f"unet.up_blocks.{i}.upsamplers.0.conv", F.interpolate(x, scale_factor=2.0, mode="nearest"), padding=1)
    v = conv("unet.conv_out", F.silu(group_norm("unet.conv_norm_out", x)), padding=1)
    without, with_text = v.chunk(2)
    v = without + settings["guidance"] * (with_text - without)
    return settings["alpha"] ** 0.5 * v + (1 - settings["alpha"]) ** 0.5 * sample


inject = {name[len("inject."):]: value for name, value in W.items() if name.startswith("inject.")}
result = {}
with torch.inference_mode():
    for layout in (torch.contiguous_format, torch.channels_last):
        for name, value in W.items():
            if value.dim() == 4:
                W[name] = value.contiguous(memory_format=layout)
        arguments = (W["in.latents"], W["in.control"], W["in.text"], inject, torch.tensor(float(settings["timestep"])))
        wanted = W["out.noise"]
        error = ((predict(*arguments) - wanted).abs().max() / wanted.abs().max()).item()
        assert error < 1e-4, f"the two programs differ by {error}"
        for _ in range(repeat):
            start = time.perf_counter()
            predict(*arguments)
            result["ms"] = min(result.get("ms", float("inf")), (time.perf_counter() - start) * 1e3)
print(json.dumps({"what": "pytorch", "ms": round(result["ms"], 1), "difference": error}))
