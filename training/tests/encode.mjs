// Encodes the JSON list of texts on stdin with the product's tokenizer library, for test_tokenizer.py.
// Usage: node encode.mjs MODEL_FOLDER PACKAGE_FOLDER   (PACKAGE_FOLDER holds node_modules/@huggingface/tokenizers)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [model, packages] = process.argv.slice(2);
const { Tokenizer } = createRequire(join(resolve(packages), 'package.json'))('@huggingface/tokenizers');
const read = (name) => JSON.parse(readFileSync(join(model, name), 'utf8'));
const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
const texts = JSON.parse(readFileSync(0, 'utf8'));
const encoded = texts.map((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
const decoded = encoded.map((ids) => ids.length ? tokenizer.decode(ids, { skip_special_tokens: false }) : '');
process.stdout.write(JSON.stringify({ encoded, decoded }));
