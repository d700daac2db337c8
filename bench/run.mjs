/** npm run bench [-- step|px|methods|language|profile] [--device cpu] [--threads N] [--batch N] [--turns N] */
const questions = { step: './resnet20-step.mjs', px: './px-round.mjs', methods: './methods.mjs', language: './language.mjs', profile: './profile.mjs' };
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('--');
if (named && questions[first] === undefined) {
  console.error(`bench: no benchmark '${first}'; choose ${Object.keys(questions).join(', ')}`);
  process.exit(2);
}
for (const name of named ? [first] : ['step', 'px']) {
  const { run } = await import(questions[name]);
  await run(named ? rest : process.argv.slice(2));
}
