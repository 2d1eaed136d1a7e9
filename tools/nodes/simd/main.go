// A node of the Cosmos SDK for tests: its own modules auth, bank, staking, distribution, mint and slashing, its store,
// its REST gateway, and CometBFT. The addresses are those of Cosmos Hub.
package main

import (
	"fmt"
	"io"
	"os"

	"cosmossdk.io/depinject"
	"cosmossdk.io/log"
	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/testutil/configurator"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/spf13/cobra"

	_ "github.com/cosmos/cosmos-sdk/x/auth"
	_ "github.com/cosmos/cosmos-sdk/x/auth/tx/config"
	_ "github.com/cosmos/cosmos-sdk/x/auth/vesting"
	_ "github.com/cosmos/cosmos-sdk/x/bank"
	_ "github.com/cosmos/cosmos-sdk/x/consensus"
	_ "github.com/cosmos/cosmos-sdk/x/distribution"
	_ "github.com/cosmos/cosmos-sdk/x/genutil"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	_ "github.com/cosmos/cosmos-sdk/x/mint"
	_ "github.com/cosmos/cosmos-sdk/x/slashing"
	_ "github.com/cosmos/cosmos-sdk/x/staking"
)

var modules = configurator.NewAppConfig(
	configurator.AuthModule(), configurator.VestingModule(), configurator.TxModule(), configurator.BankModule(),
	configurator.StakingModule(), configurator.DistributionModule(), configurator.MintModule(),
	configurator.SlashingModule(), configurator.ConsensusModule(), configurator.GenutilModule(),
)

type node struct {
	builder  *runtime.AppBuilder
	basics   module.BasicManager
	codec    codec.Codec
	amino    *codec.LegacyAmino
	registry codectypes.InterfaceRegistry
	tx       client.TxConfig
}

func composed(logger log.Logger) (found node, err error) {
	err = depinject.Inject(
		depinject.Configs(modules, depinject.Supply(logger)),
		&found.builder, &found.basics, &found.codec, &found.amino, &found.registry, &found.tx,
	)
	return found, err
}

func started(logger log.Logger, db dbm.DB, trace io.Writer, options servertypes.AppOptions) servertypes.Application {
	found, err := composed(logger)
	if err != nil {
		panic(err)
	}
	app := found.builder.Build(db, trace, server.DefaultBaseappOptions(options)...)
	if err := app.Load(true); err != nil {
		panic(err)
	}
	return app
}

func main() {
	found, err := composed(log.NewNopLogger())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	home := os.ExpandEnv("$HOME/.simd")
	context := client.Context{}.WithCodec(found.codec).WithInterfaceRegistry(found.registry).
		WithTxConfig(found.tx).WithLegacyAmino(found.amino).WithInput(os.Stdin).WithHomeDir(home)
	root := &cobra.Command{
		Use: "simd",
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			own, err := client.ReadPersistentCommandFlags(context.WithCmdContext(command.Context()), command.Flags())
			if err != nil {
				return err
			}
			if err := client.SetCmdClientContextHandler(own, command); err != nil {
				return err
			}
			return server.InterceptConfigsPreRunHandler(
				command, serverconfig.DefaultConfigTemplate, serverconfig.DefaultConfig(), cmtcfg.DefaultConfig(),
			)
		},
	}
	root.AddCommand(genutilcli.InitCmd(found.basics, home))
	server.AddCommandsWithStartCmdOptions(root, home, started, nil, server.StartCmdOptions{})
	if err := svrcmd.Execute(root, "", home); err != nil {
		os.Exit(1)
	}
}
