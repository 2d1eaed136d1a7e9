// The chain of the tests: it mines when it is told to, and a call has the gas that geth gives it.
export default {
  networks: {
    node: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 1,
      hardfork: "cancun",
      blockGasLimit: 50_000_000,
      allowUnlimitedContractSize: true,
      initialDate: "2023-11-14T22:13:20Z",
      mining: { auto: false, interval: 0 },
    },
  },
};
