select attestation, asset, reserves_claimed, liabilities, ratio_claimed, printed_ratio from reserve_ratio where attestation = 'okx/2022-12-20' and asset = 'BTC'
