"""ResNet-18 (He et al. 2016) under torchvision's state-dict names, so that its ImageNet file loads.

Used by ASTNet (Sec. 3.2 (1), Table 1: all stages, classifier removed) and UAMRN (Sec. 4.3: the first stages).

    conv1, bn1, relu     (N,  64, H/2,  W/2)     7x7, stride 2
    maxpool              (N,  64, H/4,  W/4)     3x3, stride 2
    layer1               (N,  64, H/4,  W/4)     two basic blocks per stage
    layer2               (N, 128, H/8,  W/8)
    layer3               (N, 256, H/16, W/16)
    layer4               (N, 512, H/32, W/32)
    avgpool, fc          (N, classes)
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

STAGES = ("layer1", "layer2", "layer3", "layer4")


class BasicBlock(nn.Module):
    """Residual block ``relu(x + F(x))`` of two 3x3 convolutions; ASTNet Fig. 6.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    stride : int
        Stride of the first convolution; where the shape changes, the shortcut is a 1x1 convolution with batch norm.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H / stride, W / stride) from (N, in_channels, H, W)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        residual = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(residual + shortcut)


class ResNet18(nn.Module):
    """ResNet-18, whole or only its first stages; 11,689,512 parameters with 1000 classes at width 64.

    Parameters
    ----------
    classes : int or None
        Outputs of ``fc``; ``None`` leaves pooling and classifier out and `forward` returns the last map.
    width : int
        Channels of the first stage; the others have 2, 4 and 8 times as many.
    stages : int
        How many of the four stages to keep; with fewer than four there is no classifier.
    in_channels : int
        Channels of the input.
    """

    def __init__(self, classes: int | None = 1000, width: int = 64, stages: int = 4, in_channels: int = 3):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = width
        for number, name in enumerate(STAGES[:stages]):
            wider = width * 2**number
            first = BasicBlock(channels, wider, stride=1 if number == 0 else 2)
            self.add_module(name, nn.Sequential(first, BasicBlock(wider, wider)))
            channels = wider
        self.out_channels = channels
        self.stages = STAGES[:stages]
        self.avgpool = self.fc = None
        if classes is not None and stages == len(STAGES):
            self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def maps(self, x: Tensor, between: dict[int, nn.Module] | None = None) -> Iterator[Tensor]:
        """Yield the map after the stem and after each stage, from `x` (N, in_channels, H, W).

        Parameters
        ----------
        x : Tensor
            The pictures.
        between : dict of int to Module, optional
            Modules put behind position 1 (the stem) to 5 (the fourth stage), such as CBAM in ASTNet Table 7.
        """
        between = between or {}
        for position, stage in enumerate((self._stem, *(getattr(self, name) for name in self.stages)), start=1):
            x = stage(x)
            if position in between:
                x = between[position](x)
            yield x

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes), or the last map (N, out_channels, h, w) where there is no classifier."""
        *_, x = self.maps(x)
        return x if self.fc is None else self.fc(self.avgpool(x).flatten(1))

    def _stem(self, x: Tensor) -> Tensor:
        return self.maxpool(self.relu(self.bn1(self.conv1(x))))
