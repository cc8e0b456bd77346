"""One training step in PyTorch, for `gondola bench pretrain`, in fp32 on the CPU. DINO: ViT, head, loss, clipping, AdamW, teacher and center as
facebookresearch/dino writes them (vision_transformer.py, main_dino.py, utils.py). SimCLR: the same encoder with a hierarchical stem (hMLP), and
NT-Xent over global and local crops behind batch norm and a head, with the same clipping and AdamW.

A child that steps on request, so that its steps can alternate with others': the first argument is a JSON object of the sizes, the second
a safetensors file with the start weights (`weight.NAME`), the crops and the drop path's factors of the first step (`globalPaths`,
`localPaths`: [2 * depth, images]). Each line of standard input is a number of steps; the answer is a JSON line with their wall and
processor seconds and the last loss. The first line that it writes itself says what it runs on.
"""
import json
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        count = (end - start) // 4
        values = torch.frombuffer(data, dtype=torch.float32, count=count, offset=start) if count else torch.empty(0)
        tensors[name] = values.reshape(entry["shape"]).clone()
    return tensors


class DropPath(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share
        self.given = None  # factors of the next pass, instead of drawing them

    def forward(self, x):
        if self.given is not None:
            factors, self.given = self.given, None
            return x * factors.view(-1, 1, 1)
        if self.share == 0.0 or not self.training:
            return x
        keep = 1 - self.share
        random = keep + torch.rand((x.shape[0], 1, 1), dtype=x.dtype)
        return x.div(keep) * random.floor_()


class Attention(nn.Module):
    def __init__(self, dimensions, heads):
        super().__init__()
        self.heads = heads
        self.scale = (dimensions // heads) ** -0.5
        self.qkv = nn.Linear(dimensions, dimensions * 3)
        self.proj = nn.Linear(dimensions, dimensions)

    def forward(self, x):
        batch, tokens, dimensions = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, dimensions // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attention = ((q @ k.transpose(-2, -1)) * self.scale).softmax(dim=-1)
        return self.proj((attention @ v).transpose(1, 2).reshape(batch, tokens, dimensions))


class Mlp(nn.Module):
    def __init__(self, dimensions):
        super().__init__()
        self.fc1 = nn.Linear(dimensions, 4 * dimensions)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * dimensions, dimensions)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dimensions, heads, share):
        super().__init__()
        self.norm1 = nn.LayerNorm(dimensions, eps=1e-6)
        self.attn = Attention(dimensions, heads)
        self.drop_attention = DropPath(share)
        self.drop_mlp = DropPath(share)
        self.norm2 = nn.LayerNorm(dimensions, eps=1e-6)
        self.mlp = Mlp(dimensions)

    def forward(self, x):
        x = x + self.drop_attention(self.attn(self.norm1(x)))
        return x + self.drop_mlp(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    def __init__(self, patch, dimensions):
        super().__init__()
        self.proj = nn.Conv2d(3, dimensions, kernel_size=patch, stride=patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class HierarchicalEmbed(nn.Module):
    """Patches of 4, merged two by two up to 16. Channels lie last, which is what norms want, and convolutions take it."""

    def __init__(self, dimensions):
        super().__init__()
        widths = [dimensions // 4, dimensions // 2]
        self.levels = nn.ModuleList([nn.Conv2d(3, widths[0], 4, 4), nn.Conv2d(widths[0], widths[1], 2, 2)])
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-6) for width in widths])
        self.proj = nn.Conv2d(widths[1], dimensions, 2, 2)

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last)
        for level, norm in zip(self.levels, self.norms):
            x = F.gelu(norm(level(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        return self.proj(x).flatten(2).transpose(1, 2)


class Vit(nn.Module):
    def __init__(self, dimensions, depth, heads, patch, image, drop_path, stem):
        super().__init__()
        self.patch = patch
        self.side = image // patch
        self.patch_embed = HierarchicalEmbed(dimensions) if stem == "hierarchical" else PatchEmbed(patch, dimensions)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dimensions))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, dimensions))
        shares = [share.item() for share in torch.linspace(0, drop_path, depth)]
        self.blocks = nn.ModuleList([Block(dimensions, heads, share) for share in shares])
        self.norm = nn.LayerNorm(dimensions, eps=1e-6)

    def positions(self, side):
        if side == self.side:
            return self.pos_embed
        dimensions = self.pos_embed.shape[-1]
        grid = self.pos_embed[:, 1:].reshape(1, self.side, self.side, dimensions).permute(0, 3, 1, 2)
        scale = (side + 0.1) / self.side
        grid = F.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
        return torch.cat((self.pos_embed[:, :1], grid.permute(0, 2, 3, 1).reshape(1, -1, dimensions)), dim=1)

    def forward(self, x):
        side = x.shape[-1] // self.patch
        tokens = self.patch_embed(x)
        tokens = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), tokens), dim=1) + self.positions(side)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)[:, 0]


class Head(nn.Module):
    def __init__(self, dimensions, hidden, bottleneck, prototypes):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(dimensions, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck)
        )
        self.last_layer = nn.utils.weight_norm(nn.Linear(bottleneck, prototypes, bias=False))
        self.last_layer.weight_g.data.fill_(1)
        self.last_layer.weight_g.requires_grad = False

    def forward(self, x):
        return self.last_layer(F.normalize(self.mlp(x), dim=-1, p=2))


class MultiCrop(nn.Module):
    """Crops of one size go through the backbone together, and all features through the head together (utils.py, MultiCropWrapper)."""

    def __init__(self, backbone, head):
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, batches):
        return self.head(torch.cat([self.backbone(batch) for batch in batches]))


class Projected(nn.Module):
    def __init__(self, backbone, dimensions, hidden, outputs):
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Sequential(nn.Linear(dimensions, hidden), nn.GELU(), nn.Linear(hidden, outputs))

    def forward(self, batches):
        features = torch.cat([self.backbone(batch) for batch in batches])
        return F.normalize(self.projection(F.batch_norm(features, None, None, training=True)), dim=-1)


class Step:
    """What both objectives do: loss, gradients, clipping, AdamW."""

    def __init__(self, sizes, tensors):
        self.sizes = sizes
        self.student = self.network(sizes["dropPath"])
        self.weights = {name[len("weight."):]: values for name, values in tensors.items() if name.startswith("weight.")}
        self.student.load_state_dict(self.weights)
        self.batches = [tensors["globals"]] + ([tensors["locals"]] if sizes["locals"] else [])
        self.paths = [tensors[name] for name in ("globalPaths", "localPaths") if name in tensors]
        regularised, other = [], []
        for name, parameter in self.student.named_parameters():
            if parameter.requires_grad:
                (other if name.endswith(".bias") or parameter.ndim == 1 else regularised).append(parameter)
        self.optimizer = torch.optim.AdamW([{"params": regularised}, {"params": other, "weight_decay": 0.0}])

    def backbone(self, drop_path):
        s = self.sizes
        sizes = s["dimensions"], s["depth"], s["heads"], s["patch"], s["globalSize"]
        return Vit(*sizes, drop_path, s["stem"])

    def take(self):
        s = self.sizes
        for i, group in enumerate(self.optimizer.param_groups):
            group["lr"] = s["learningRate"]
            if i == 0:
                group["weight_decay"] = s["weightDecay"]
        loss = self.forward()
        if not math.isfinite(loss.item()):
            raise SystemExit(f"The loss is {loss.item()}.")
        self.optimizer.zero_grad()
        loss.backward()
        for parameter in self.student.parameters():
            if parameter.grad is not None:
                coefficient = s["clip"] / (parameter.grad.data.norm(2) + 1e-6)
                if coefficient < 1:
                    parameter.grad.data.mul_(coefficient)
        self.optimizer.step()
        return loss.item()


class SimclrStep(Step):
    def network(self, drop_path):
        s = self.sizes
        return Projected(self.backbone(drop_path), s["dimensions"], s["hidden"], s["outputs"])

    def forward(self):
        """The crops of all views but one look for their image among the global crops; nobody looks at itself."""
        views = 2 + self.sizes["locals"]
        rows = self.student(self.batches)
        batch = len(rows) // views
        own = torch.eye(batch, dtype=torch.bool)
        wanted = torch.arange(batch).repeat(views - 1)
        total = 0
        for view in range(2):
            anchors = torch.cat([rows[(1 - view) * batch:(2 - view) * batch], rows[2 * batch:]])
            likeness = (anchors @ rows[:2 * batch].T / self.sizes["temperature"]).view(views - 1, batch, 2, batch)
            logits = torch.cat([likeness[:, :, view], likeness[:, :, 1 - view].masked_fill(own, -1e9)], dim=2)
            total = total + F.cross_entropy(logits.view(-1, 2 * batch), wanted)
        return total / 2


class DinoStep(Step):
    def __init__(self, sizes, tensors):
        super().__init__(sizes, tensors)
        self.teacher = self.network(0.0)
        self.teacher.load_state_dict(self.weights)
        for parameter in self.teacher.parameters():
            parameter.requires_grad = False
        self.center = torch.zeros(1, sizes["prototypes"])

    def network(self, drop_path):
        s = self.sizes
        return MultiCrop(self.backbone(drop_path), Head(s["dimensions"], s["hidden"], s["bottleneck"], s["prototypes"]))

    def forward(self):
        teacher = self.teacher(self.batches[:1])
        return self.loss(self.forward_student(), teacher)

    def take(self):
        s = self.sizes
        loss = super().take()
        with torch.no_grad():
            for ours, average in zip(self.student.parameters(), self.teacher.parameters()):
                average.data.mul_(s["momentum"]).add_((1 - s["momentum"]) * ours.detach().data)
        return loss

    def forward_student(self):
        if not self.paths:
            return self.student(self.batches)
        # The first step only: pass by pass, each with the factors given.
        features = []
        for batch, paths in zip(self.batches, self.paths):
            for i, block in enumerate(self.student.backbone.blocks):
                block.drop_attention.given, block.drop_mlp.given = paths[2 * i], paths[2 * i + 1]
            features.append(self.student.backbone(batch))
        self.paths = []
        return self.student.head(torch.cat(features))

    def loss(self, student, teacher):
        s = self.sizes
        students = (student / s["studentTemperature"]).chunk(2 + s["locals"])
        targets = F.softmax((teacher - self.center) / s["teacherTemperature"], dim=-1).detach().chunk(2)
        total, terms = 0, 0
        for i, target in enumerate(targets):
            for view, logits in enumerate(students):
                if view != i:
                    total = total + torch.sum(-target * F.log_softmax(logits, dim=-1), dim=-1).mean()
                    terms += 1
        with torch.no_grad():
            mean = torch.sum(teacher, dim=0, keepdim=True) / len(teacher)
            self.center = self.center * s["centerMomentum"] + mean * (1 - s["centerMomentum"])
        return total / terms


def main():
    sizes = json.loads(sys.argv[1])
    torch.manual_seed(0)
    torch.set_num_threads(sizes["threads"])
    kind = {"dino": DinoStep, "simclr": SimclrStep}[sizes["objective"]]
    step = kind(sizes, read_safetensors(sys.argv[2]))

    def answer(value):
        print(json.dumps(value), flush=True)

    answer({"torch": torch.__version__, "threads": torch.get_num_threads(), "blas": blas()})
    for line in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        loss = None
        for _ in range(int(line)):
            loss = step.take()
        answer({"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor, "loss": loss})


def blas():
    """The libraries that do the products, by what is mapped into this process and what PyTorch says of itself."""
    found = []
    if torch.backends.mkl.is_available():
        found.append("MKL")
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            names = {line.split("/")[-1].strip() for line in maps if "/" in line}
        found += sorted(name for name in names if "openblas" in name.lower() or name.startswith("libblas"))
    except OSError:
        pass  # no /proc on this system: PyTorch's own word is all there is
    if torch.backends.mkldnn.is_available():
        found.append("oneDNN")
    return ", ".join(found)


if __name__ == "__main__":
    main()
