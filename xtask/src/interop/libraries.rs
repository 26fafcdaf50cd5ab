//! What programs in Python compute with, within the limits that every run has.

use serde_json::json;

use super::{
    Case,
    expect::{Verdict, equals, holds},
    scene::Scene,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "numpy_and_pandas_work_within_the_limits", run: tables },
    Case { name: "figures_are_saved_to_the_workspace", run: figures },
];

const TABLES: &str = "
import numpy as np
import pandas as pd

rows = pd.DataFrame({'group': np.arange(200_000) % 4, 'value': np.arange(200_000, dtype=float)})
means = rows.groupby('group')['value'].mean()
rows.head(10).to_csv('head.csv', index=False)
square = np.arange(250_000.0).reshape(500, 500)
result = {
    'means': means.to_dict(),
    'trace': np.trace(square @ np.eye(500)),
    'first': rows.iloc[0].to_dict(),
    'shape': square.shape,
    'read': len(pd.read_csv('head.csv')),
    'kinds': [np.int64(3), np.float32(0.5), np.bool_(True), np.array([1, 2])],
}
";

fn tables(scene: &Scene<'_>) -> Verdict {
    let ran = scene.python(TABLES, &[])?;
    let expected = json!({
        "means": { "0": 99998, "1": 99999, "2": 100_000, "3": 100_001 },
        "trace": 62_499_750,
        "first": { "group": 0, "value": 0 },
        "shape": [500, 500],
        "read": 10,
        "kinds": [3, 0.5, true, [1, 2]],
    });
    equals(ran.result()?, "", &expected)?;
    equals(&ran.outcome, "/files/0/path", &json!("head.csv"))
}

const FIGURES: &str = "
import matplotlib.pyplot as plt

plt.plot([1, 2, 3], [2, 4, 8])
plt.title('shown')
plt.show()
figure, axes = plt.subplots()
axes.bar(['a', 'b'], [1, 2])
figure.savefig('named.png')
plt.figure()
plt.scatter([1], [1])
result = 'drawn'
";

fn figures(scene: &Scene<'_>) -> Verdict {
    let ran = scene.python(FIGURES, &[])?;
    equals(ran.result()?, "", &json!("drawn"))?;
    for (index, name) in ["figure-1.png", "figure-2.png", "named.png"].into_iter().enumerate() {
        equals(&ran.outcome, &format!("/files/{index}/path"), &json!(name))?;
        let picture = scene.read(&format!("workspace/{name}"))?;
        holds(picture.starts_with(b"\x89PNG"), name, "a picture", picture.len())?;
    }
    equals(&ran.outcome, "/files/3", &json!(null))
}
