# The step of bench/field-step.ts in PyTorch: an outside reference for speed, never needed by the product.
# Same table layout, hash, networks, volume rendering, L1 loss and AdamW, on the same samples (marching is given, and not timed);
# the networks see only the slots in use. Reads the folder that bench/field-step.ts writes with OUT=<folder>.
#   python3 bench/field-step.py <folder> [steps]
import json, os, sys, time
import torch
import torch.nn.functional as F

folder, steps = sys.argv[1], int((sys.argv + [10])[2]) if len(sys.argv) > 2 else 10
threads = int(os.environ.get("THREADS", "1"))
torch.set_num_threads(threads)
info = json.load(open(f"{folder}/field.json"))
R, S, field = info["rays"], info["samples"], info["field"]


def read(name, *shape):
    with open(f"{folder}/{name}.f32", "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(*shape)


points, length, bias = read("points", R * S, 3), read("length", R, S), read("bias", R * S)
harmonics, target = read("harmonics", R, 9), read("target", R, 3)
table = read("table", -1, 2).requires_grad_()
hidden, features, behind = field["hidden"], 2 * field["levels"], field["backgroundHidden"]
shapes = {"density.0": (hidden, features), "density.1": (1, hidden), "feature.0": (hidden, features),
          "feature.1": (3, hidden), "background.0": (behind, 9), "background.1": (behind, behind), "background.2": (3, behind)}
w = {name: read(f"{name}.weight", *shape).requires_grad_() for name, shape in shapes.items()}
rates, o = info["rates"], info["optimiser"]
optimiser = torch.optim.AdamW([{"params": [table], "lr": rates["table"]}, {"params": list(w.values()), "lr": rates["networks"]}],
                              betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], weight_decay=o["weightDecay"])
corners = torch.tensor([[c & 1, (c >> 1) & 1, c >> 2] for c in range(8)])
used = (length.reshape(-1) > 0).nonzero()[:, 0]


def encode(x):
    out = []
    for level in info["layout"]:
        p = x.clamp(0, 1) * level["scale"] + 0.5
        cell = p.floor()
        f = (p - cell)[:, None]
        c = cell.long()[:, None] + corners
        if level["hashed"]:
            index = c[..., 0] ^ (c[..., 1] * 2654435761) ^ (c[..., 2] * 805459861)
            index = index & (level["size"] - 1)
        else:
            r = level["resolution"]
            index = (c[..., 0] + c[..., 1] * r + c[..., 2] * r * r) % level["size"]
        weight = torch.where(corners.bool(), f, 1 - f).prod(-1, keepdim=True)
        values = F.embedding(index + level["offset"], table)
        out.append((values * weight).sum(1))
    return torch.cat(out, -1)


def loss_of():
    x = encode(points[used])
    raw = F.linear(F.relu(F.linear(x, w["density.0"])), w["density.1"])[:, 0]
    density = field["densityScale"] * F.softplus(raw + bias[used])
    color = torch.sigmoid(F.linear(F.relu(F.linear(x, w["feature.0"])), w["feature.1"]))
    thickness = torch.zeros(R * S).index_put((used,), density).reshape(R, S) * length
    colors = torch.zeros(R * S, 3).index_put((used,), color).reshape(R, S, 3)
    before = torch.cumsum(thickness, 1) - thickness
    weight = torch.exp(-before) * (1 - torch.exp(-thickness))
    h = F.relu(F.linear(F.relu(F.linear(harmonics, w["background.0"])), w["background.1"]))
    background = torch.sigmoid(F.linear(h, w["background.2"]))
    seen = (weight[..., None] * colors).sum(1)
    return (seen + (1 - weight.sum(1, keepdim=True)) * background - target).abs().mean()


wall = cpu = float("inf")
first = None
for _ in range(steps):
    a, b = time.perf_counter(), time.process_time()
    optimiser.zero_grad()
    loss = loss_of()
    loss.backward()
    optimiser.step()
    cpu, wall = min(cpu, time.process_time() - b), min(wall, time.perf_counter() - a)
    first = loss.item() if first is None else first
print(json.dumps({"what": "pytorch", "threads": threads, "ms": round(wall * 1e3, 1), "cpu_ms": round(cpu * 1e3, 1), "loss": round(first, 6)}))
