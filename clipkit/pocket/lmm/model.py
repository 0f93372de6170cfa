"""The pocket LMM: image tokens of a frozen tower, two projectors, and a small Llama decoder."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from clipkit.pocket.lmm.eye import ImageTokens
from clipkit.pocket.lmm.recipe import LmmRecipe
from clipkit.pocket.lmm.tokens import specials
from clipkit.pocket.tokenizer import vocabulary_size


def language_model(recipe: LmmRecipe) -> LlamaForCausalLM:
    """The decoder with random weights, input and output embeddings tied."""
    begin, end = specials()
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary_size(),
            hidden_size=recipe.width,
            intermediate_size=3 * recipe.width,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            max_position_embeddings=64,
            tie_word_embeddings=True,
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=end,
        )
    )


def projector(into: int, out: int) -> torch.nn.Module:
    """The two-layer perceptron of LLaVA-1.5, on standardised features."""
    return torch.nn.Sequential(
        torch.nn.LayerNorm(into), torch.nn.Linear(into, out), torch.nn.GELU(), torch.nn.Linear(out, out)
    )


class PocketLmmNet(torch.nn.Module):
    """Image tokens and text in, logits of answers out; the ten places before the text belong to the image."""

    def __init__(self, recipe: LmmRecipe, grid_width: int, pooled_width: int):
        super().__init__()
        self.projectors = torch.nn.ModuleDict(
            {"grid": projector(grid_width, recipe.width), "pooled": projector(pooled_width, recipe.width)}
        )
        self.language = language_model(recipe)

    def prefix(self, image: ImageTokens) -> torch.Tensor:
        """What stands before the text: (n, 10, width)."""
        pooled, grid = (self.projectors[k](getattr(image, k).float()) for k in ("pooled", "grid"))
        return torch.cat([pooled[:, None], grid], 1)

    def no_prefix(self, n: int) -> torch.Tensor:
        """Nothing before the text: (n, 0, width)."""
        return torch.zeros(n, 0, self.language.config.hidden_size)

    def answer_logits(self, prefix: torch.Tensor, ids: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
        """Logits (m, vocabulary) of the m tokens that `answer` (n, length) marks in `ids` (n, length).

        prefix: (n, k, width). Padding stands after the text, where a causal decoder does not see it.
        """
        text = self.language.get_input_embeddings()(ids[:, :-1])
        states = self.language.model(inputs_embeds=torch.cat([prefix, text], 1), use_cache=False)
        return self.language.lm_head(states.last_hidden_state[:, prefix.shape[1] :][answer[:, 1:]])
