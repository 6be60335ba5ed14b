"""The model: causal, its fast paths equal to the plain ones, its loss and export true to the definitions."""
import os
import random
import tempfile
import unittest

import torch
import torch.nn.functional as F

from stetlm import evaluate, export, generate, model as llama, optim, quantise, stale, tokenizer as bpe

TINY = llama.Config(n_vocab=320, d_model=128, n_layer=2, n_head=4, n_kv_head=2, d_ff=128, head_dim=32)


def tiny_model(config=TINY):
    torch.manual_seed(0)
    model = llama.LanguageModel(config)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, 0, 0.08)
    return model.eval()


class ModelTest(unittest.TestCase):
    def test_attention_in_blocks_is_plain_attention(self):
        q, k, v = torch.randn(2, 4, 300, 32), torch.randn(2, 2, 300, 32), torch.randn(2, 2, 300, 32)
        keys, values = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
        scores = (q @ keys.transpose(-1, -2)) * 32**-0.5 + torch.full((300, 300), -1e9).triu(1)
        self.assertLess((llama.causal_attention(q, k, v) - scores.softmax(-1) @ values).abs().max(), 1e-5)

    def test_later_tokens_do_not_matter(self):
        model, ids = tiny_model(), torch.randint(0, 320, (1, 200))
        changed = ids.clone()
        changed[0, 150:] = 7
        with torch.no_grad():
            self.assertLess((model(ids)[0, :150] - model(changed)[0, :150]).abs().max(), 1e-5)

    def test_cached_decoding_is_the_full_forward(self):
        model, ids = tiny_model(), torch.randint(0, 320, (40,)).tolist()
        decoder = generate.Decoder(model)
        with torch.no_grad():
            full = model.logits(model(torch.tensor([ids])))[0]
        decoder.feed(ids[:25])
        for i in range(25, 40):
            self.assertLess((decoder.feed([ids[i]]) - full[i]).abs().max(), 1e-4)

    def test_loss_and_gradients_are_those_of_cross_entropy(self):
        hidden, table = torch.randn(1000, 16, requires_grad=True), torch.randn(50, 16, requires_grad=True)
        target, weight = torch.randint(0, 50, (1000,)), torch.rand(1000)
        mine = llama.LinearCrossEntropy.apply(hidden, table, target, weight, None)
        got = torch.autograd.grad(mine, (hidden, table))
        plain = (F.cross_entropy(hidden @ table.t(), target, reduction="none") * weight).sum() / weight.sum()
        for a, b in zip(got, torch.autograd.grad(plain, (hidden, table))):
            self.assertLess((a - b).abs().max(), 1e-6)
        self.assertAlmostEqual(mine.item(), plain.item(), places=5)

    def test_sampled_softmax_estimates_the_full_loss(self):
        torch.manual_seed(1)
        hidden, table, target = torch.randn(64, 16), torch.randn(2000, 16) * 0.3, torch.randint(0, 2000, (64,))
        full = F.cross_entropy(hidden @ table.t(), target).item()
        losses = []
        for _ in range(30):
            ids, place, shift = llama.sampled_candidates(target, 2000, 100, 300, torch.arange(2000))
            losses.append(llama.LinearCrossEntropy.apply(hidden, table[ids], place, torch.ones(64), shift).item())
        self.assertLess(abs(sum(losses) / 30 - full), 0.05)

    def test_muon_step_is_near_orthogonal(self):
        for shape in ((64, 64), (32, 96), (96, 32)):
            values = torch.linalg.svdvals(optim.orthogonalise(torch.randn(shape)))
            self.assertTrue(0.5 < values.min() and values.max() < 1.5, values)

    def test_schedule_warms_up_holds_and_ends_at_zero(self):
        self.assertLess(optim.wsd(0.0, 0, 10, 0.2), 0.2)
        self.assertEqual(optim.wsd(0.5, 500, 10, 0.2), 1.0)
        self.assertAlmostEqual(optim.wsd(0.9, 500, 10, 0.2), 0.5)
        self.assertEqual(optim.wsd(1.0, 500, 10, 0.2), 0.0)

    def test_export_and_load_give_the_same_model(self):
        tok = bpe.Tokenizer([(i, i + 1) for i in range(32)])
        model = tiny_model()
        with tempfile.TemporaryDirectory() as folder:
            tok.save(os.path.join(folder, "tok"))
            export.export(model, os.path.join(folder, "tok"), os.path.join(folder, "m"), "t", "1")
            again, _ = export.load_folder(os.path.join(folder, "m"))
            quantise.apply(model, "bf16")
            for a, b in zip(model.parameters(), again.parameters()):
                self.assertTrue(torch.equal(a, b))
            path = os.path.join(folder, "m", "model.safetensors")
            with open(path, "r+b") as file:
                file.truncate(os.path.getsize(path) - 10)
            with self.assertRaisesRegex(AssertionError, "truncated"):
                export.read_safetensors(path)

    def test_stale_rows_are_those_of_the_text_before_the_edit(self):
        model, ids = tiny_model(), torch.randint(0, 320, (3, 120))
        given, weight, plans = stale.make(model, ids, random.Random(2))
        with torch.no_grad():
            exact, mixed = model(ids), model(ids, given)
        self.assertTrue(any(layer[0].any() for layer in given))
        for row, (start, _, n_new, fresh) in enumerate(plans):
            self.assertLess((exact[row, : start + n_new] - mixed[row, : start + n_new]).abs().max(), 1e-5)
            self.assertTrue((weight.view(3, 120)[row, fresh:] == 1).all())
        # An edit that changes nothing leaves rows that are as good as exact ones.
        same = torch.zeros(3, 120, 1, dtype=torch.bool)
        same[:, 30:90] = True
        model.keep_rows(True)
        model(ids)
        own = [(same, k, v) for k, v in model.rows()]
        model.keep_rows(False)
        with torch.no_grad():
            self.assertLess((model(ids, own) - exact).abs().max(), 1e-5)

    def test_rounding_errors_are_bounded(self):
        weight = torch.randn(8, 64)
        self.assertLessEqual((quantise.int8_rows(weight) - weight).abs().max(), weight.abs().max() / 254 + 1e-6)
        self.assertLessEqual((quantise.int4_groups(weight) - weight).abs().max(), weight.abs().max() / 8 + 1e-6)


class ArgumentTest(unittest.TestCase):
    def test_an_argument_ends_where_its_call_does(self):
        self.assertEqual(evaluate.inside("a, f(b)[0]) + g()"), "a, f(b)[0]")
        self.assertEqual(evaluate.inside("never, closed"), "never, closed")


if __name__ == "__main__":
    unittest.main()
