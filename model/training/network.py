"""The network: embedding, masked convolutions, maximum over time, two dense layers.

A token 0 is padding. Masks make every output independent of how much padding
follows a window, as long as the padded length is a multiple of the product of
the pools; both engines rely on that.
"""

import torch
from torch import nn
from torch.nn import functional


class Network(nn.Module):
    """Tokens int64 [N, L] to logits float32 [N, classes] and features [N, F]."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.embedding, padding_idx=0)
        convs, channels = [], config.embedding
        for block in config.blocks:
            convs.append(nn.Conv1d(channels, block.channels, block.kernel, padding=block.kernel // 2))
            channels = block.channels
        self.convs = nn.ModuleList(convs)
        self.dense = nn.Linear(channels, config.features)
        self.head = nn.Linear(config.features, config.classes)
        self.reset()

    def reset(self):
        """Draw fresh weights from torch's current seed."""
        nn.init.normal_(self.embedding.weight, std=0.5)
        with torch.no_grad():
            self.embedding.weight[0].zero_()
        for layer in [*self.convs, self.dense]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.head.weight, std=0.05)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens, dropout=0.0, channel_dropout=0.0):
        # Windows without padding need no mask; that is most of the work.
        mask = None
        if bool((tokens == 0).any()):
            mask = (tokens != 0).to(torch.float32).unsqueeze(1)
        x = self.embedding(tokens).transpose(1, 2)  # row 0 is zero: already masked
        for conv, block in zip(self.convs, self.config.blocks):
            x = conv(x)
            if mask is not None:
                x = x * mask
            # relu(maxpool(x·m)) equals maxpool(relu(x)·m) and touches fewer cells.
            if block.pool > 1:
                x = functional.max_pool1d(x, block.pool)
                if mask is not None:
                    mask = functional.max_pool1d(mask, block.pool)
            x = functional.relu(x)
            if channel_dropout:
                x = functional.dropout1d(x, channel_dropout, self.training)
        x = x.amax(dim=2)
        if dropout:
            x = functional.dropout(x, dropout, self.training)
        features = functional.relu(self.dense(x))
        hidden = functional.dropout(features, dropout, self.training) if dropout else features
        return self.head(hidden), features


def attack_logit(logits):
    """Log-odds of "not none": the score is its logistic function."""
    return torch.logsumexp(logits[:, 1:], dim=1) - logits[:, 0]
