"""Attribution on tables whose coefficients were chosen, and on the public record."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from clipkit.errors import BadInput, MissingData
from clipkit.sections import attribution_tables
from clipkit.sections.attribution import attribute, design, difference, factor_table, leave_one_family_out
from clipkit.sections.measured import MeasuredTable

TRUTH = {"architecture: CNN": -0.3, "source: WIT": 0.4, "source: DataComp": 0.2, "size": 0.5}


def planted(seed, run_sd=0.2, model_sd=0.1, sets=8, n=48):
    """Models in runs of one or two; sigmoid is the loss of all models of one tower, and of no other."""
    rng = np.random.default_rng(seed)
    runs = np.repeat(np.arange(n * 2 // 3), np.tile([1, 2], n // 3))
    tower = rng.permutation(np.resize(["ViT", "CNN", "SigLIP"], runs.max() + 1))[runs]
    source = rng.permutation(np.resize(["LAION", "WIT", "DataComp"], runs.max() + 1))[runs]
    models = [f"m{i}" for i in range(n)]
    factors = pd.DataFrame(
        {
            "architecture": pd.Categorical(tower, ["ViT", "CNN", "SigLIP"]),
            "source": pd.Categorical(source, ["LAION", "WIT", "DataComp"]),
            "size": rng.normal(size=n),
            "loss": pd.Categorical(np.where(tower == "SigLIP", "sigmoid", "softmax"), ["softmax", "sigmoid"]),
            "prompts": pd.Categorical(["80"] * n),
        },
        models,
    )
    mean = design(factors)[list(TRUTH)] @ pd.Series(TRUTH) + 0.25 * (tower == "SigLIP")
    mean += run_sd * rng.normal(size=runs.max() + 1)[runs] + model_sd * rng.normal(size=n)
    values = mean.to_numpy()[:, None] + rng.normal(size=sets) + 0.2 * rng.normal(size=(n, sets))
    values = pd.DataFrame(expit(values), models, [f"set {d}" for d in range(sets)])
    return factor_table(values, factors, runs.astype(str), tower)


@pytest.mark.slow
def test_intervals_hold_the_truth_and_what_is_aliased_gets_no_number():
    held = []
    for seed in range(200):
        found = attribute(planted(seed))
        frame = found.coefficients
        held.append([frame.low[t] <= truth <= frame.high[t] for t, truth in TRUTH.items()])
        aliased = frame.loc[["architecture: SigLIP", "loss: sigmoid"]]
        assert not aliased.estimable.any()
        assert aliased[["estimate", "low", "high", "p", "p_holm", "ols_low", "share"]].isna().all(axis=None)
        assert found.constant == ("prompts",) and found.fit.converged
    # Four intervals in each of 200 tables: binomial noise on 0.95 is 0.008.
    assert 0.92 <= np.mean(held) <= 0.98


def test_what_is_aliased_has_a_number_together():
    row = attribute(planted(0, run_sd=0.01, model_sd=0.01)).together.iloc[0]
    assert row.terms == ("architecture: SigLIP", "loss: sigmoid")
    assert row.low < 0.25 < row.high and row.high - row.low < 0.2


def test_it_is_the_mixed_model_with_crossed_intercepts_on_all_rows():
    table = planted(1, run_sd=0.4, model_sd=0.3, sets=4, n=24)
    found = attribute(table)
    long = (
        logit(table.values).rename_axis("model").reset_index().melt("model", var_name="set", value_name="y")
    )
    X = found.design[found.identifiability.kept].loc[long.model].reset_index(drop=True)
    X.insert(0, "Intercept", 1.0)
    parts = {"run": table.runs[long.model].to_numpy(), "model": long.model, "set": long.set}
    crossed = {name: {0: pd.get_dummies(pd.Series(p)).to_numpy(float)} for name, p in parts.items()}
    names = [[f"{n}{i}" for i in range(crossed[n][0].shape[1])] for n in parts]
    spec = VCSpec(list(parts), [[n] for n in names], [[crossed[n][0]] for n in parts])
    fit = MixedLM(long.y.to_numpy(), X, groups=np.zeros(len(long)), exog_vc=spec).fit(reml=True)
    ours = found.fit.coefficients
    np.testing.assert_allclose(ours.estimate[1:], fit.fe_params.iloc[1:], atol=2e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(found.fit.covariance))[1:], fit.bse_fe.iloc[1:], rtol=0.02)


def test_the_mean_of_the_effects_on_single_sets_is_the_effect():
    found = attribute(planted(2))
    assert list(found.by_set.index) == list(TRUTH)
    np.testing.assert_allclose(found.by_set.mean(axis=1), found.coefficients.estimate[list(TRUTH)])


def test_a_difference_of_two_models_adds_up_the_terms_in_which_they_differ():
    found = attribute(planted(3))
    a, b = found.design.iloc[0].copy(), found.design.iloc[0].copy()
    a["source: WIT"], b["source: WIT"] = 1.0, 0.0
    a["source: DataComp"], b["source: DataComp"] = 0.0, 0.0
    row = found.coefficients.loc["source: WIT"]
    assert difference(found, a, b) == pytest.approx((row.estimate, row.low, row.high, True))
    assert difference(found, a, a)[::3] == (0.0, False)


def test_without_a_family_its_effects_are_lost_and_not_those_of_others():
    frame = leave_one_family_out(planted(4)).set_index(["family", "term"])
    assert set(frame.index.get_level_values("family")) == {"", "ViT", "CNN", "SigLIP"}
    lost = frame.estimate.isna()
    assert lost["CNN", "architecture: CNN"] and not lost["CNN"][list(TRUTH)[1:]].any()
    # Without SigLIP nothing is aliased, but its columns are zeros; without ViT the other two have no reference.
    assert lost["SigLIP"][["architecture: SigLIP", "loss: sigmoid"]].all()
    assert lost["ViT", "architecture: CNN"]
    assert frame.estimate["", "size"] == attribute(planted(4)).coefficients.estimate["size"]


def test_least_squares_has_no_interval_with_fewer_than_five_runs():
    table = planted(5)
    rare = table.runs.isin(["0", "3"])
    factors = table.factors.assign(rare=pd.Categorical(np.where(rare, "yes", "no"), ["no", "yes"]))
    frame = attribute(table._replace(factors=factors)).coefficients
    assert frame.n_runs["rare: yes"] == 2 and np.isnan(frame.ols_low["rare: yes"])
    assert np.isfinite(frame.ols_low[list(TRUTH)]).all()


def test_sets_without_a_logit_are_left_out_and_named():
    table = planted(6)
    values = table.values.assign(**{"set 3": 0.0})
    assert factor_table(values, table.factors, table.runs, table.families).left_out == ("set 3",)
    with pytest.raises(BadInput, match="on every data set some model has exactly 0 or 1"):
        factor_table(values[["set 3"]], table.factors, table.runs, table.families)
    with pytest.raises(BadInput, match="a model lacks a number on a data set"):
        factor_table(values.replace(0.0, np.nan), table.factors, table.runs, table.families)


def test_the_record_says_what_its_models_cannot_tell_apart(public):
    found = attribute(attribution_tables.record_table())
    assert [set(terms) for terms in found.together.terms] == [
        {"architecture: ViT(SigLIP)", "training distribution: WebLI", "contrastive loss: sigmoid"},
        {"architecture: ViT(CoCa)", "contrastive loss: softmax+captioning"},
    ]
    assert found.constant == ("fine-tuning", "test-time prompts")
    assert (found.identifiability.rank, found.identifiability.columns) == (21, 24)
    assert found.coefficients.rests_on["training-set size, ×10"] == "DataComp"
    assert attribution_tables.samples_unknown()[1] == found.fit.n == 85


def measured(models):
    rows = [
        ("natural shifts", s, "all", "accuracy", "80", m, 0.5 + 0.01 * i)
        for i, m in enumerate(models)
        for s in "ab"
    ]
    frame = pd.DataFrame(
        rows, columns=["section", "dataset", "subset", "metric", "prompts", "model", "value"]
    )
    return MeasuredTable(frame, np.zeros((len(frame), 1)), {})


def test_full_results_are_attributed_where_there_are_runs_enough(monkeypatch):
    known = attribution_tables.zoo.zero_shot()
    models = known[
        (known.pool == "core") & (known.source.isin(["WIT", "LAION-2B"])) & (known.loss == "softmax")
    ].model
    tuned = "vit_large_patch14_clip_336.openai_ft_in12k_in1k"
    monkeypatch.setattr(attribution_tables, "full_results", lambda: measured([*models, tuned, "unheard-of"]))
    table = attribution_tables.full_table()
    assert len(table.values) == len(models) + 1 and table.factors["fine-tuning"][tuned] == "in12k_in1k"
    assert table.runs[tuned] == "ViT-L-14/openai"
    assert attribute(table).coefficients.estimable["model size, ×10"]
    monkeypatch.setattr(attribution_tables, "full_results", lambda: measured(["unheard-of"]))
    with pytest.raises(MissingData, match="no CLIP model of the zoo's tables was measured"):
        attribution_tables.full_table()
    monkeypatch.setattr(attribution_tables, "full_results", lambda: measured(models[:2]))
    with pytest.raises(MissingData, match="2 training runs were measured on the full track, which have"):
        attribution_tables.full_table()
