"""How a lesson is taught, whatever it is about: rates that rise and fall, losses that are weighed, and a word now and then."""

import torch

from teachers import DEVICE, say

SAID_EVERY = 100  # steps


def follow(losses, weights, groups, warm_up, steps, after=lambda: None):
    """Takes steps down the weighed `losses()`. `groups` are those of the optimizer, with the highest rate of each as `base`;
    `after` runs whenever figures were told."""
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=DEVICE == "cuda")
    averages = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * min(1, (step + 1) / warm_up) * max(0.02, 1 - step / steps)
        parts = losses()
        optimizer.zero_grad()
        (parts * torch.tensor(weights, device=DEVICE)).sum().backward()
        optimizer.step()
        averages.append(parts.detach())
        if (step + 1) % SAID_EVERY == 0 or step + 1 == steps:
            figures = " ".join(f"{figure:.3f}" for figure in torch.stack(averages).mean(0).tolist())
            averages = []
            say(f"{step + 1}/{steps} {figures}")
            after()
