// Its result is kept whole in `results/`, which is for the user and the model.
// keeps: results/
return 'secret of A '.repeat(10_000)
