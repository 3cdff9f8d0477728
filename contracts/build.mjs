// Compiles the contracts: `node build.mjs` writes contracts.json, `node build.mjs --check` says
// whether it is what the sources give. `ODYSSEY_CONTRACTS_MODULES` is the folder of node_modules.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const folder = import.meta.dirname;
const modules = process.env.ODYSSEY_CONTRACTS_MODULES ?? folder;
const solc = createRequire(path.join(path.resolve(modules), 'package.json'))('solc');

const names = readdirSync(folder).filter((name) => name.endsWith('.sol'));
const read = (name) => ({ content: readFileSync(path.join(folder, name), 'utf8') });
const input = {
  language: 'Solidity',
  sources: Object.fromEntries(names.sort().map((name) => [name, read(name)])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'paris',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const faults = (output.errors ?? []).filter((error) => error.severity === 'error');
if (faults.length > 0) {
  console.error(faults.map((fault) => fault.formattedMessage).join('\n'));
  process.exit(1);
}
const contracts = {};
for (const file of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(file)) {
    contracts[name] = { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
  }
}
const text = `${JSON.stringify(contracts, null, 1)}\n`;
const target = path.join(folder, 'contracts.json');
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('contracts.json is not what the sources give: run `node contracts/build.mjs`');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
