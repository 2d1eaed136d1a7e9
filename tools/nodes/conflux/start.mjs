// A Conflux node of one process, both spaces: node start.mjs PORT FOLDER SECRET...; EVM_CHAIN: eSpace's chain id.
// It mines a block every tenth of a second; each secret's account has 10,000 CFX in the first block.
import { createServer } from "@xcfx/node";

const [port, folder, ...secrets] = process.argv.slice(2);
const server = await createServer({
  chainId: 1029,
  evmChainId: Number(process.env.EVM_CHAIN ?? 1030),
  confluxDataDir: folder,
  devBlockIntervalMs: 100,
  genesisSecrets: secrets,
  jsonrpcHttpPort: Number(port),
  jsonrpcHttpEthPort: Number(port) + 1,
  tcpPort: Number(port) + 2,
  udpPort: Number(port) + 2,
  stratumPort: Number(port) + 3,
  nodeType: "archive",
  timeout: 120000,
});
await server.start();
console.log("ready");
setInterval(() => {}, 1 << 30);
