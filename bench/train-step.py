# The step of bench/train-step.ts in PyTorch: an outside reference for speed, never needed by the product.
#   python3 bench/train-step.py [batch] [channels] [size] [steps]
import json, os, sys, time
import torch
import torch.nn as nn
import torch.nn.functional as F

batch, channels, size, steps = (list(map(int, sys.argv[1:])) + [16, 96, 16, 20][len(sys.argv) - 1:])
torch.set_num_threads(int(os.environ.get("THREADS", "1")))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, channels), nn.GroupNorm(8, channels)
        self.conv1, self.conv2 = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x):
        return x + self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))


net = nn.Sequential(*[Block() for _ in range(8)]).to(memory_format=torch.channels_last)
optimiser = torch.optim.AdamW(net.parameters(), lr=1e-4)
x, target = (torch.randn(batch, channels, size, size).contiguous(memory_format=torch.channels_last) for _ in range(2))
best = float("inf")
for _ in range(steps):
    start = time.perf_counter()
    optimiser.zero_grad()
    F.mse_loss(net(x), target).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    best = min(best, time.perf_counter() - start)
flops = 3 * 2 * 8 * 2 * batch * size * size * channels * channels * 9
print(json.dumps({"what": "pytorch", "ms": round(best * 1e3, 1), "gflops": round(flops / best / 1e9, 1)}))
